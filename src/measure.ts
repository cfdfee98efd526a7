import { assemble } from './assemble.ts'
import type { Communicator } from './collective/communicator.ts'
import { openFleet } from './fleet.ts'
import type { Metrics } from './log/logger.ts'
import { resolveConfig } from './options.ts'
import { checkWay } from './parallel/check.ts'
import { sizesOf } from './ppo/sizes.ts'
import { initialState } from './ppo/state.ts'
import { allParts, type Part, type Split, splitOf } from './ppo/stopwatch.ts'
import { silentReporter } from './reporter.ts'

/** Where the time of an update goes: microseconds, of each part the median over updates, of those the mean over ranks. */
export interface TrainingTimes extends Split {
  np: number
  engine: string
  /** Rows of a rollout, over all ranks. */
  rows: number
  /** The sum of the parts. */
  update: number
  stepsPerSecond: number
}

/** Updates before those that count: code gets compiled, and this shows how long one takes. */
const WARM_UP = 40

/**
 * Trains for about so many seconds, without folder, logs or evaluation.
 * @param words options of training, as behind a script; where these cannot be, a UsageError
 */
export async function measureTraining(
  comm: Communicator,
  words: readonly string[],
  seconds: number,
): Promise<TrainingTimes> {
  const rehearsal = await trainFor(comm, words, WARM_UP)
  const perUpdate = totalOf(rehearsal.split) / 1e6
  const numUpdates = Int32Array.of(Math.max(WARM_UP, seconds / perUpdate))
  await comm.broadcast(numUpdates)
  const { split, rows, engine } = await trainFor(comm, words, numUpdates[0])
  const ofRanks = await comm.allgather(Float64Array.from(allParts, part => split[part]))
  const mean = splitOf(part => ofRanks.reduce((sum, own) => sum + own[allParts.indexOf(part)], 0) / comm.size)
  const update = totalOf(mean)
  return { np: comm.size, engine, rows, stepsPerSecond: (1e6 * rows) / update, update, ...mean }
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
  const median = (part: Part) =>
    updates.map(metrics => metrics[`time/${part}`]! * 1e6).sort((a, b) => a - b)[updates.length >> 1]
  return { split: splitOf(median), rows, engine: name }
}
