import { relative } from 'node:path'
import { duration, thousands } from './base/format.ts'
import { packageVersion } from './base/version.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Fleet } from './fleet.ts'
import type { Logger, Metrics } from './log/logger.ts'
import type { Evaluation } from './policy/evaluate.ts'
import type { TrainConfig } from './ppo/config.ts'
import { messageLength } from './ppo/exactsum.ts'
import type { Sizes } from './ppo/sizes.ts'
import { mean, type TrainState } from './ppo/state.ts'
import { allParts, parts, type Split, splitOf } from './ppo/stopwatch.ts'

/** What a training run came to; the same on all ranks, times aside. */
export interface TrainResult {
  /** The run's folder. */
  folder: string
  globalSteps: number
  updates: number
  /** Steps per second of this start, from its first update's beginning to its last's end. */
  sps: number
  /** Hex of 128 bits over the parameters. */
  paramsHash: string
  episodes: number
  /** Over the last 100 training episodes; null if none has ended. */
  meanReturn100: number | null
  /** 100 episodes with the most probable action. */
  evaluation: Evaluation
}

/** What there is to say before the closing evaluation. */
export type Outcome = Omit<TrainResult, 'folder' | 'evaluation'>

/** What run.json says from the start. */
export function describeRun(config: TrainConfig, sizes: Sizes, comm: Communicator, fleet: Fleet): object {
  const { engine, reduction, members } = fleet
  const bytes = (reduction === 'exact' ? 8 : 4) * messageLength(engine.layout, sizes.numShards)
  const distinct = (list: string[]) => [...new Set(list)].join(', ')
  return {
    seed: config.seed,
    engine: distinct(members.map(({ engine }) => engine)),
    device: distinct(members.map(({ device }) => device)),
    engineChoice: fleet.choice,
    transport: comm.transport,
    allreduce: comm.algorithm(bytes),
    messageBytes: bytes,
    reduction,
    parallelism: config.parallelism,
    // Which rollout or gradient comes first is for the machine to say; noise comes from it.
    reproducible: config.parallelism !== 'async' && !config.async && config.updateNoise === 0,
    shards: sizes.numShards,
    ...(fleet.cut && { cut: fleet.cut }),
    config,
    versions: { pporun: packageVersion(), node: process.version },
  }
}

/** What run.json says of the end, but for the evaluation. @param steps of this start, as are `seconds` */
export function describeOutcome(
  state: TrainState,
  paramsHash: string,
  { totalSteps, numUpdates }: Sizes,
  steps: number,
  seconds: number,
): Outcome {
  return {
    globalSteps: (totalSteps / numUpdates) * state.update,
    updates: state.update,
    sps: steps / seconds,
    paramsHash,
    episodes: state.episodes,
    meanReturn100: mean(state.recentReturns),
  }
}

/** Adds up where the time of updates went, as they are logged. */
export class SplitLog implements Logger {
  readonly #total: Split = splitOf(() => 0)
  #updates = 0

  write(metrics: Metrics): void {
    for (const part of allParts) this.#total[part] += metrics[`time/${part}`] ?? 0
    this.#updates++
  }

  /** `act 210, environment 90, ...; minibatches 150, ...; other 30`: microseconds per update. */
  toString(): string {
    const microseconds = (part: keyof Split) => thousands((1e6 * this.#total[part]) / this.#updates)
    const groups = Object.values(parts).map(group =>
      group.map(part => `${part} ${microseconds(part)}`).join(', '),
    )
    return groups.join('; ')
  }
}

/** The end of a run in lines for people. @param split of this rank's updates */
export function summary(
  { folder, evaluation, sps, globalSteps, paramsHash }: TrainResult,
  split: SplitLog,
): string[] {
  const { meanReturn, stdReturn, episodes } = evaluation
  return [
    `evaluation   ${meanReturn.toFixed(1)} +- ${stdReturn.toFixed(1)} over ${episodes} episodes`,
    `speed        ${thousands(sps)} steps/s (${thousands(globalSteps)} steps in ${duration(globalSteps / sps)})`,
    `time         us per update: ${split}`,
    `parameters   ${paramsHash}`,
    `results      ${shortest(folder)}`,
  ]
}

/** A path as people write it. */
export function shortest(path: string): string {
  const below = relative(process.cwd(), path)
  return below.startsWith('..') ? path : below
}
