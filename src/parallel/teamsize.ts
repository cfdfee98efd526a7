import type { TrainConfig } from '../ppo/config.ts'
import { largestDivisor } from '../ppo/sizes.ts'

/** Ranks that one network is divided between. */
export function teamSize({ modelParallel }: TrainConfig, size: number): number {
  return modelParallel ?? size
}

/** Why so many ranks cannot divide the network; null if they can. */
export function teamProblem(config: TrainConfig, numShards: number, size: number): string | null {
  const team = teamSize(config, size)
  const narrowest = Math.min(...config.hidden)
  const most = (n: number) => `use --model-parallel ${largestDivisor(size, n)}`
  if (config.network !== null) return `--network ${config.network} cannot be divided`
  if (size % team !== 0) return `--model-parallel ${team} does not divide ${size} ranks; ${most(team)}`
  if (config.hidden.length === 0) return '--hidden has no layer to divide'
  if (narrowest < team)
    return `a layer of ${narrowest} cannot be divided between ${team} ranks; ${most(narrowest)}`
  if (size / team > numShards)
    return `${size / team} teams, but only ${numShards} shards; use -np ${numShards * team} or fewer`
  if (config.keyEncoders !== null)
    return '--key-encoders: encoders cannot be divided; use --parallelism allreduce'
  return config.encoder === 'none' ? null : `--encoder ${config.encoder}: convolutions cannot be divided`
}
