import { relative } from 'node:path'
import { duration, thousands } from './base/format.ts'
import { packageVersion } from './base/version.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Engine } from './engine/engine.ts'
import type { Evaluation } from './policy/evaluate.ts'
import type { TrainConfig } from './ppo/config.ts'
import { messageLength } from './ppo/exactsum.ts'
import type { Sizes } from './ppo/sizes.ts'
import { hashParameters, mean, type TrainState } from './ppo/state.ts'

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

/** What run.json says from the start. */
export function describeRun(config: TrainConfig, sizes: Sizes, comm: Communicator, engine: Engine): object {
  return {
    seed: config.seed,
    engine: engine.name,
    device: `${process.arch} CPU`,
    transport: comm.transport,
    allreduce: comm.algorithm(8 * messageLength(engine.layout, sizes.numShards)),
    reduction: config.reduction,
    shards: sizes.numShards,
    config,
    versions: { pporun: packageVersion(), node: process.version },
  }
}

/** What run.json says of the end, but for the evaluation. @param steps of this start, as are `seconds` */
export function describeOutcome(
  state: TrainState,
  { totalSteps, numUpdates }: Sizes,
  steps: number,
  seconds: number,
): Omit<TrainResult, 'folder' | 'evaluation'> {
  return {
    globalSteps: totalSteps,
    updates: numUpdates,
    sps: steps / seconds,
    paramsHash: hashParameters(state.parameters),
    episodes: state.episodes,
    meanReturn100: mean(state.recentReturns),
  }
}

/** The end of a run in lines for people. */
export function summary({ folder, evaluation, sps, globalSteps, paramsHash }: TrainResult): string[] {
  const { meanReturn, stdReturn, episodes } = evaluation
  return [
    `evaluation   ${meanReturn.toFixed(1)} +- ${stdReturn.toFixed(1)} over ${episodes} episodes`,
    `speed        ${thousands(sps)} steps/s (${thousands(globalSteps)} steps in ${duration(globalSteps / sps)})`,
    `parameters   ${paramsHash}`,
    `results      ${shortest(folder)}`,
  ]
}

/** A path as people write it. */
function shortest(path: string): string {
  const below = relative(process.cwd(), path)
  return below.startsWith('..') ? path : below
}
