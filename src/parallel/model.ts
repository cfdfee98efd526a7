import { UsageError } from '../base/errors.ts'
import { part } from '../base/math/parts.ts'
import type { Communicator } from '../collective/communicator.ts'
import { blocksOf, cut } from '../engine/division.ts'
import { DividedEngine } from '../engine/kernels/divided.ts'
import { KernelEngine } from '../engine/kernels/driver.ts'
import { layoutOf } from '../engine/layout.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { Team } from '../engine/team.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { allreduceBytes, anyAsks, everybody } from './allreduce.ts'
import { DividedOptimizer } from './dividedoptimizer.ts'
import { teamSize } from './teamsize.ts'
import type { Setting, Way } from './way.ts'

/**
 * The network over the ranks of a team, by the width of its layers (engine/division.ts); data parallel between teams.
 * The ranks of a team step the same environments and hold the same rows: only activations pass between them.
 */
export async function model({ config, sizes, comm, engine }: Setting): Promise<Way> {
  if (!(engine instanceof KernelEngine))
    throw new UsageError(
      `--parallelism model: the ${engine.name} engine has no divided layers; use --engine auto`,
    )
  const size = teamSize(config, comm.size)
  const teams = comm.size / size
  const [index, place] = [Math.floor(comm.rank / size), comm.rank % size]
  /** Those that this rank's network is divided between; those that hold the same piece of it. */
  const own = teams === 1 ? comm : ((await comm.split(index)) as Communicator)
  const alike = (await comm.split(place)) as Communicator
  const whole = layoutOf(engine.layout.network)
  let bytes = 0
  const team: Team = {
    rank: place,
    size,
    sum: array => {
      bytes += allreduceBytes(array, size)
      return own.allreduce(array)
    },
    max: array => own.allreduce(array, 'max'),
  }
  const amongAlike = everybody(alike, sizes.numShards)

  const strategy: Strategy = {
    ...amongAlike,
    name: 'model',
    rankOf: shard =>
      size *
      Array.from({ length: teams }, (_, k) => part(sizes.numShards, k, teams)).findIndex(
        ({ last }) => shard < last,
      ),
    stops: asks => anyAsks(comm, asks), // share() is among those alike
    take: state => {
      if (state.parameters.length === engine.layout.size) return // it begins: nobody has drawn more
      const piece = (vector: Float32Array) => cut(whole, vector, place, size)
      const { firstMoment, secondMoment } = state.adam
      state.parameters = piece(state.parameters)
      state.adam = { ...state.adam, firstMoment: piece(firstMoment), secondMoment: piece(secondMoment) }
    },
    blocks: piece => blocksOf(whole, piece, place, size, part => own.allgather(part)),
    peers: alike,
    waited: () => comm.elapsed + alike.elapsed + (own === comm ? 0 : own.elapsed),
    traffic: () => ({ ...amongAlike.traffic(), activations: { bytes } }),
  }
  const optimizer = new DividedOptimizer(makeOptimizer(engine), engine.layout, team)
  return { strategy, engine: new DividedEngine(engine, team), optimizer }
}
