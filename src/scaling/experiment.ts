import { UsageError } from '../base/errors.ts'
import { median } from '../base/math/median.ts'

/** A run of a scaling experiment, as its folder tells it. Times are milliseconds per update. */
export interface Trial {
  np: number
  round: number
  /** As asked for: `auto` unless algorithms are compared. */
  allreduce: string
  folder: string
  /** Environment steps per second. */
  sps: number
  update: number
  /** Means over the ranks, without what they waited in collectives. */
  sample: number
  learn: number
  /** Communication and waiting, rank 0. */
  communication: number
  /** Work of the slowest rank by that of the median one. */
  spread: number
  paramsHash: string
  meanReturn: number | null
  /** Processes that ran or wanted to before it began. */
  load: number
  /** More ranks than this machine has cores. */
  oversubscribed: boolean
}

/** One number of ranks with one algorithm: medians over the rounds. */
export interface ScalingRow {
  np: number
  allreduce: string
  runs: number
  sps: number
  /** Of the runs. */
  spsLeast: number
  spsMost: number
  /** Against the fewest ranks of the experiment in the same round, times their number. */
  speedup: number
  efficiency: number
  updateMs: number
  sampleMs: number
  learnMs: number
  communicationMs: number
  communicationShare: number
  spread: number
  meanReturn: number | null
  oversubscribed: boolean
}

/** How the learning rate follows the batch in weak scaling, whose batches are np times as large. */
export const learningRateRules = ['constant', 'linear', 'sqrt'] as const
export type LearningRateRule = (typeof learningRateRules)[number]

/** What the script is told to do at `np`, above its own options. @param config of the run of one rank. */
export function weakWords(
  config: { numEnvs: number; batchSize: number; totalSteps: number; learningRate: number },
  shards: number,
  np: number,
  rule: LearningRateRule,
): string[] {
  const factor = { constant: 1, linear: np, sqrt: Math.sqrt(np) }[rule]
  return [
    `--num-envs=${config.numEnvs * np}`,
    `--batch-size=${config.batchSize * np}`,
    `--shards=${shards * np}`,
    `--total-steps=${config.totalSteps * np}`,
    `--learning-rate=${config.learningRate * factor}`,
  ]
}

/** A row for each number of ranks and algorithm. */
export function rowsOf(trials: readonly Trial[]): ScalingRow[] {
  const keys = [...new Set(trials.map(({ np, allreduce }) => `${np} ${allreduce}`))]
  return keys
    .map(key => trials.filter(({ np, allreduce }) => `${np} ${allreduce}` === key))
    .map(own => {
      const of = (pick: (trial: Trial) => number) => median(own.map(pick))
      const [{ np, allreduce, meanReturn, oversubscribed }] = own
      const speedup = median(own.map(trial => trial.sps / perRankOfFewest(trials, trial)))
      return {
        ...{ np, allreduce, runs: own.length, sps: of(({ sps }) => sps) },
        spsLeast: Math.min(...own.map(({ sps }) => sps)),
        spsMost: Math.max(...own.map(({ sps }) => sps)),
        ...{ speedup, efficiency: speedup / np },
        updateMs: of(({ update }) => update),
        sampleMs: of(({ sample }) => sample),
        learnMs: of(({ learn }) => learn),
        communicationMs: of(({ communication }) => communication),
        communicationShare: of(({ communication, update }) => communication / update),
        spread: of(({ spread }) => spread),
        ...{ meanReturn, oversubscribed },
      }
    })
    .sort((a, b) => a.np - b.np)
}

/** Steps per second and rank with the fewest ranks, in the same round: a machine is not the same an hour later. */
function perRankOfFewest(trials: readonly Trial[], { round, allreduce }: Trial): number {
  const alike = trials.filter(trial => trial.round === round && trial.allreduce === allreduce)
  const fewest = alike.reduce((least, trial) => (trial.np < least.np ? trial : least))
  return fewest.sps / fewest.np
}

/** Lines about runs that were much slower than others of their kind. */
export function noiseOf(trials: readonly Trial[]): string[] {
  return trials.flatMap(({ np, allreduce, round, sps, load }) => {
    const alike = trials.filter(other => other.np === np && other.allreduce === allreduce)
    const lost = 1 - sps / median(alike.map(other => other.sps))
    return lost > NOISE
      ? [`round ${round + 1}, np ${np}: ${Math.round(100 * lost)} % slower than the median (load ${load})`]
      : []
  })
}

/** What a quiet machine's runs do not differ by. */
const NOISE = 0.15

/** Strong scaling keeps the learning problem: the one hash of all runs. Throws if there is more than one. */
export function oneHash(trials: readonly Trial[]): string {
  const [first, ...others] = trials
  const other = others.find(({ paramsHash }) => paramsHash !== first.paramsHash)
  if (other)
    throw new UsageError(
      `np ${first.np} and np ${other.np} end with different parameters (${first.paramsHash}, ${other.paramsHash}): ` +
        'this engine gives other bits with other ranks; --mode weak compares without that promise',
    )
  return first.paramsHash
}
