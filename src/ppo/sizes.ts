import { UsageError } from '../base/errors.ts'
import type { TrainConfig } from './config.ts'

/** How one update is cut: into shards, and into minibatches with the same number of rows of each shard. */
export interface Sizes {
  numShards: number
  envsPerShard: number
  /** Rows of a shard in one rollout. */
  rowsPerShard: number
  /** Rows of a shard in one minibatch. */
  minibatchRowsPerShard: number
  numMinibatches: number
  numUpdates: number
  /** `totalSteps` rounded up to whole updates. */
  totalSteps: number
}

/** Most shards that are made unless asked for: as many ranks can share the work (ARCHITECTURE decision 4). */
const DEFAULT_SHARDS = 8

/** Throws UsageError for what cannot be divided; nothing is ever truncated. */
export function sizesOf(config: TrainConfig): Sizes {
  const { numEnvs, numSteps, batchSize, totalSteps } = config
  const rollout = numEnvs * numSteps
  if (rollout % batchSize !== 0)
    throw new UsageError(
      `--batch-size ${batchSize} does not divide the rollout of ${numEnvs} x ${numSteps} = ${rollout} rows; use ${nearestDivisor(rollout, batchSize)}`,
    )
  const numShards = config.shards ?? largestDivisor(gcd(numEnvs, batchSize), DEFAULT_SHARDS)
  if (numEnvs % numShards !== 0 || batchSize % numShards !== 0)
    throw new UsageError(
      `--shards ${numShards} must divide --num-envs ${numEnvs} and --batch-size ${batchSize}; use ${largestDivisor(gcd(numEnvs, batchSize), numShards)}`,
    )
  const numUpdates = Math.ceil(totalSteps / rollout)
  return {
    numShards,
    envsPerShard: numEnvs / numShards,
    rowsPerShard: rollout / numShards,
    minibatchRowsPerShard: batchSize / numShards,
    numMinibatches: rollout / batchSize,
    numUpdates,
    totalSteps: numUpdates * rollout,
  }
}

/**
 * Throws UsageError if there are fewer shards than ranks, with the smallest change that helps.
 * @param holders ranks that need a shard, of `size` in all
 */
export function checkRanks(
  config: TrainConfig,
  numShards: number,
  holders: number,
  size: number = holders,
): void {
  if (holders <= numShards) return
  const { numEnvs, batchSize } = config
  throw new UsageError(
    `${size} ranks, but only ${numShards} shards of --num-envs ${numEnvs} and --batch-size ${batchSize}: ` +
      `use -np ${size - holders + numShards} or fewer, or ${remedyFor(config, holders)}`,
  )
}

/** The fewest shards and environments that give every rank a shard; the batch stays if any number of them divides it. */
function remedyFor({ numEnvs, numSteps, batchSize }: TrainConfig, size: number): string {
  for (let envs = numEnvs; envs <= numEnvs + size * batchSize; envs++) {
    const shards = divisors(gcd(envs, batchSize)).find(s => s >= size)
    if (shards === undefined || (envs * numSteps) % batchSize !== 0) continue
    return envs === numEnvs ? `--shards ${shards}` : `--num-envs ${envs} --shards ${shards}`
  }
  return `--num-envs ${size} --batch-size ${size * numSteps} --shards ${size}`
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter(d => n % d === 0)
}

export function largestDivisor(n: number, most: number): number {
  return divisors(n).findLast(d => d <= most) ?? 1
}

function nearestDivisor(n: number, wanted: number): number {
  return divisors(n).reduce((best, d) => (Math.abs(d - wanted) < Math.abs(best - wanted) ? d : best), 1)
}
