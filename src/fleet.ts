import { layoutFor, pieceFor, placeOf } from './assemble.ts'
import { type Reduction, rankSettings } from './base/contract.ts'
import { PporunError, UsageError } from './base/errors.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Engine } from './engine/engine.ts'
import { initialParameters } from './engine/init.ts'
import type { Layout } from './engine/layout.ts'
import { type Opened, openEngine } from './engine/select.ts'
import { EVALUATION_EPISODES } from './evaluation.ts'
import type { Cut } from './parallel/cut.ts'
import type { TrainConfig } from './ppo/config.ts'

/** What computes on the ranks of a job, agreed between them before the first step. */
export interface Fleet {
  /** This rank's. */
  engine: Engine
  /** Of the whole network, of which the engine's may be a piece. */
  layout: Layout
  /** What training begins with, as far as this rank holds it: a function of the seed. */
  initialParameters(): Float32Array
  /** How gradients are added up. */
  reduction: Reduction
  /** Of each rank. */
  members: Member[]
  /** How shards are spread over them; null: evenly. */
  cut: Cut | null
  /** What `auto` took, on what, and why: one line; also where ranks differ in it. null: the user has named the engine. */
  choice: string | null
  /** What is not as it was asked for. */
  warnings: string[]
}

interface Member extends Omit<Opened, 'engine' | 'initial'> {
  engine: string
  device: string
  exact: boolean
}

/**
 * Opens the rank's engine. Throws UsageError on all ranks alike if one of them has none, or none on a GPU where there
 * must be one, or if the reduction is not theirs.
 */
export async function openFleet(config: TrainConfig, comm: Communicator): Promise<Fleet> {
  const requireGpu = rankSettings()?.requireGpu ?? false
  const made = await attempt(() =>
    openEngine(config.engine, pieceFor(config, comm), {
      gpuOnly: requireGpu,
      seed: config.seed,
      room: roomFor(config),
    }),
  )
  const told = await exchange<{ member: Member } | { refused: string }>(
    comm,
    made instanceof PporunError ? { refused: made.message } : { member: memberOf(made) },
  )
  const members = told.map((one, rank) => {
    if ('member' in one) return one.member
    throw new UsageError(comm.size > 1 ? `rank ${rank}: ${one.refused}` : one.refused)
  })
  if (requireGpu) checkGpus(members)
  const { engine, initial } = made as Opened
  const layout = engine.layout.network.own ? engine.layout : layoutFor(config)
  // A backend's arithmetic may reach an initialiser, and ranks may differ in theirs.
  if (initial) await comm.broadcast(initial)
  return {
    engine,
    layout,
    initialParameters: () =>
      initial?.slice() ?? initialParameters(layout, config.seed, ...placeOf(config, comm)),
    reduction: reductionOf(config, members),
    members,
    cut: null,
    choice: config.engine === 'auto' || differ(members) ? describe(members) : null,
    warnings: idleOf(config, members),
  }
}

/** Rows that the engine may be asked for at once, on any number of ranks. */
function roomFor({ numEnvs, numSteps, batchSize, evalEpisodes }: TrainConfig) {
  const acting = Math.max(numEnvs, EVALUATION_EPISODES, evalEpisodes ?? 0)
  return { acting, rollout: numEnvs * numSteps, minibatch: batchSize }
}

const memberOf = ({ engine: { name, device, exact }, why, isGpu }: Opened): Member => ({
  ...{ engine: name, device, exact },
  ...{ why, isGpu },
})

/** A pure function of what all ranks know. */
function reductionOf({ reduction }: TrainConfig, members: readonly Member[]): Reduction {
  const inexact = members.find(({ exact }) => !exact)
  if (reduction === 'exact' && inexact)
    throw new UsageError(
      `--reduction exact: the ${inexact.engine} engine is not exact; leave the option out, or use --engine auto`,
    )
  return reduction ?? (inexact ? 'float32' : 'exact')
}

function checkGpus(members: readonly Member[]): void {
  const rank = members.findIndex(({ isGpu }) => !isGpu)
  if (rank < 0) return
  const { engine, device } = members[rank]
  throw new UsageError(
    `--require-gpu: rank ${rank} computes on ${device} with --engine ${engine}; use --engine tfjs-node-gpu where libtensorflow sees a GPU, --engine webgpu where Vulkan does, or leave --require-gpu out`,
  )
}

/** A line for each rank that was to compute on a GPU and does not. */
function idleOf({ engine }: TrainConfig, members: readonly Member[]): string[] {
  const seeker = { 'tfjs-node-gpu': 'libtensorflow', webgpu: 'Vulkan' }[engine]
  if (!seeker) return []
  return members.flatMap(({ isGpu, device }, rank) =>
    isGpu ? [] : [`rank ${rank} was to train on a GPU and trains on ${device}: ${seeker} finds no GPU there`],
  )
}

const differ = (members: readonly Member[]): boolean =>
  members.some(({ engine, device }) => engine !== members[0].engine || device !== members[0].device)

/** `native on x64 CPU: ...`, with the ranks where they differ. */
function describe(members: readonly Member[]): string {
  const ranks = new Map<string, number[]>()
  for (const [rank, { engine, device }] of members.entries()) {
    const what = `${engine} on ${device}`
    ranks.set(what, [...(ranks.get(what) ?? []), rank])
  }
  const parts = [...ranks].map(([what, of]) => (ranks.size > 1 ? `${what} (ranks ${of.join(', ')})` : what))
  return [parts.join(', '), ...(members[0].why ? [members[0].why] : [])].join(': ')
}

/** What `make` gives, or the error that the user is to see. */
async function attempt(make: () => Promise<Opened>): Promise<Opened | PporunError> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof PporunError) return error
    throw error
  }
}

/** Everybody's, by rank. */
async function exchange<T>(comm: Communicator, own: T): Promise<T[]> {
  const all = await comm.allgather(new TextEncoder().encode(JSON.stringify(own)))
  return all.map(bytes => JSON.parse(new TextDecoder().decode(bytes)) as T)
}
