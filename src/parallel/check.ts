import { UsageError } from '../base/errors.ts'
import { optionOf } from '../ppo/check.ts'
import type { TrainConfig } from '../ppo/config.ts'
import { fields } from '../ppo/fields.ts'
import { checkRanks } from '../ppo/sizes.ts'
import { serverProblem } from './asyncserver.ts'
import { federatedProblem } from './federated.ts'
import { populationProblem } from './population.ts'
import { teamProblem, teamSize } from './teamsize.ts'
import type { Parallelism } from './way.ts'

/** Options that some ways take. */
const own: Partial<Record<keyof TrainConfig, Parallelism[]>> = {
  average: ['local'],
  averageEvery: ['local'],
  averageUnit: ['local'],
  learners: ['sampler', 'async'],
  servers: ['server'],
  async: ['server'],
  modelParallel: ['model'],
  rebalance: ['allreduce'],
  maxStaleness: ['async', 'server'],
  correction: ['async'],
  lag: ['async'],
  members: ['population'],
  exploitEvery: ['population'],
  explore: ['population'],
  spread: ['population'],
  clientEnvs: ['federated'],
  clientShards: ['federated'],
  localUpdates: ['federated'],
  clientFraction: ['federated'],
  dropout: ['federated'],
  secure: ['federated'],
  updateClip: ['federated'],
  updateNoise: ['federated'],
}

/** Refuses what cannot be on so many ranks, in a sentence that says what can: a UsageError. */
export function checkWay(config: TrainConfig, numShards: number, size: number): void {
  const { parallelism } = config
  for (const [field, ways] of Object.entries(own) as [keyof TrainConfig, Parallelism[]][])
    if (!ways.includes(parallelism) && config[field] !== fields[field].default)
      throw new UsageError(
        `${optionOf(field)} belongs to --parallelism ${ways.join(' or ')}, not ${parallelism}`,
      )
  if (parallelism === 'local' && config.targetKl !== null)
    throw new UsageError(
      '--parallelism local: no rank knows the KL of all, so --target-kl cannot stop them together; use --kl-target or --lr-schedule kl',
    )
  const problem = problemOf(config, numShards, size)
  if (problem) throw new UsageError(`--parallelism ${parallelism}: ${problem}`)
  checkRanks(config, numShards, size - idleRanks(config, size), size)
}

function problemOf(config: TrainConfig, numShards: number, size: number): string | null {
  if (config.parallelism === 'federated') return federatedProblem(config, { numShards }, size)
  if (config.parallelism === 'population') return populationProblem(config, size)
  if (config.parallelism === 'server') return serverProblem(config)
  if (config.parallelism === 'sampler') return learnersProblem(config, numShards)
  return config.parallelism === 'model' ? teamProblem(config, numShards, size) : null
}

function learnersProblem({ learners }: TrainConfig, numShards: number): string | null {
  if (learners <= numShards) return null
  return `--learners ${learners}, but only ${numShards} shards to learn from; use --learners ${numShards} or fewer`
}

/** Ranks beyond those that need a shard of their own. */
function idleRanks(config: TrainConfig, size: number): number {
  if (config.parallelism === 'sampler') return checkSplit(size, config, 'learners', 'samples')
  if (config.parallelism === 'async') {
    if (size >= 2 * config.learners) return config.learners
    throw new UsageError(
      `--parallelism async: each of --learners ${config.learners} needs an actor; use -np ${2 * config.learners} or more`,
    )
  }
  if (config.parallelism === 'population') return size - size / (config.members ?? size)
  if (config.parallelism === 'server') return checkSplit(size, config, 'servers', 'works')
  return config.parallelism === 'model' ? size - size / teamSize(config, size) : 0
}

/** @returns how many of the ranks have the part that `field` counts; the others do what `verb` says */
function checkSplit(size: number, config: TrainConfig, field: 'learners' | 'servers', verb: string): number {
  const wanted = config[field]
  if (size > wanted) return wanted
  throw new UsageError(
    `--parallelism ${config.parallelism}: ${optionOf(field)} ${wanted} of ${size} ranks leave none that ${verb}; use -np ${wanted + 1} or more`,
  )
}
