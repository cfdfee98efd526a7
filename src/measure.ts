import { assemble } from './assemble.ts'
import { median } from './base/math/median.ts'
import type { Communicator } from './collective/communicator.ts'
import { openFleet } from './fleet.ts'
import type { Metrics } from './log/logger.ts'
import { resolveConfig } from './options.ts'
import { checkWay } from './parallel/check.ts'
import { sizesOf } from './ppo/sizes.ts'
import { initialState } from './ppo/state.ts'
import { allParts, type Split, splitOf } from './ppo/stopwatch.ts'
import { silentReporter } from './reporter.ts'

/**
 * Where the time of an update goes: microseconds, of each part the median over updates, of those the mean over ranks, of
 * those the median over rounds.
 */
export interface TrainingTimes extends Split {
  np: number
  engine: string
  /** Rows of a rollout, over all ranks. */
  rows: number
  /** The sum of the parts. */
  update: number
  stepsPerSecond: number
  /** Of several ranks: how many times as fast they are as one of them that trains alone, in the same round. */
  gain?: number
  /** And all runs together, when each rank trains alone at the same time: what the machine's cores have to give. */
  apart?: number
}

/** Updates before those that count: code gets compiled, and this shows how long one takes. */
const WARM_UP = 40

/** Updates of a stretch, at least. */
const LEAST = 10

/** In each all ways take their turn, so that what disturbs the machine disturbs them alike. */
const ROUNDS = 5

/**
 * Trains for about so many seconds, without folder, logs or evaluation; several ranks also for as long each by itself.
 * @param words options of training, as behind a script; where these cannot be, a UsageError
 */
export async function measureTraining(
  comm: Communicator,
  words: readonly string[],
  seconds: number,
): Promise<TrainingTimes> {
  const together = await rehearse(comm, words, seconds / ROUNDS)
  const byItself = comm.size > 1 ? await comm.split(comm.rank) : null
  const solo = byItself && (await rehearse(byItself, words, seconds / ROUNDS))
  const splits: Split[] = []
  const ratios: Ratios[] = []
  for (let round = 0; round < ROUNDS; round++) {
    splits.push(await meanOver(comm, await together.stint()))
    if (solo) ratios.push(await compare(comm, totalOf(splits[round]), solo, round % comm.size))
  }
  await byItself?.close()
  const split = splitOf(part => median(splits.map(split => split[part])))
  const update = totalOf(split)
  const { rows, engine } = together
  return {
    ...{ np: comm.size, engine, rows, stepsPerSecond: (1e6 * rows) / update },
    ...(solo && {
      gain: median(ratios.map(({ gain }) => gain)),
      apart: median(ratios.map(({ apart }) => apart)),
    }),
    ...{ update, ...split },
  }
}

type Ratios = Required<Pick<TrainingTimes, 'gain' | 'apart'>>

/** One rank trains alone, while the others sleep, then each does. @param update what one takes all together */
async function compare(comm: Communicator, update: number, solo: Stints, rank: number): Promise<Ratios> {
  const alone = Float64Array.of(comm.rank === rank ? totalOf(await solo.stint()) : 0)
  await comm.broadcast(alone, rank)
  const atOnce = await comm.allgather(Float64Array.of(totalOf(await solo.stint())))
  const apart = atOnce.reduce((sum, [each]) => sum + alone[0] / each, 0)
  return { gain: alone[0] / update, apart }
}

/** Training, a stretch at a time. */
interface Stints {
  rows: number
  engine: string
  /** Medians of this rank's updates, in microseconds. */
  stint(): Promise<Split>
}

/** Trains once, and finds out how many updates fill that many seconds. */
async function rehearse(comm: Communicator, words: readonly string[], seconds: number): Promise<Stints> {
  const { rows, engine, split } = await trainFor(comm, words, WARM_UP)
  const numUpdates = Int32Array.of(Math.max(LEAST, (1e6 * seconds) / totalOf(split)))
  await comm.broadcast(numUpdates)
  return { rows, engine, stint: async () => (await trainFor(comm, words, numUpdates[0])).split }
}

async function meanOver(comm: Communicator, split: Split): Promise<Split> {
  const ofRanks = await comm.allgather(Float64Array.from(allParts, part => split[part]))
  return splitOf(part => ofRanks.reduce((sum, own) => sum + own[allParts.indexOf(part)], 0) / comm.size)
}

const totalOf = (split: Split): number => allParts.reduce((sum, part) => sum + split[part], 0)

/** Medians of this rank's updates, in microseconds. */
async function trainFor(
  comm: Communicator,
  words: readonly string[],
  numUpdates: number,
): Promise<{ split: Split; rows: number; engine: string }> {
  const config = resolveConfig({}, words)
  const rows = config.numEnvs * config.numSteps
  config.totalSteps = rows * numUpdates
  const sizes = sizesOf(config)
  checkWay(config, sizes.numShards, comm.size)
  const fleet = await openFleet(config, comm)
  const task = await assemble(
    { ...config, checkpointEvery: null },
    sizes,
    comm,
    fleet,
    silentReporter(''),
    null,
  )
  const { name } = task.sampler.engine
  const state = initialState(config, fleet.engine.layout, fleet.initialParameters())
  const updates: Metrics[] = []
  await task.train(state, { log: { write: metrics => void updates.push(metrics) } })
  const split = splitOf(part => median(updates.map(metrics => metrics[`time/${part}`]! * 1e6)))
  return { split, rows, engine: name }
}
