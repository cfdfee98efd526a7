import { availableParallelism } from 'node:os'
import type { AllreduceChoice } from '../../src/base/contract.ts'
import {
  asOne,
  type Cluster,
  type Costs,
  type Job,
  middleOf,
  type Prediction,
  predict,
  type ScalingRow,
} from '../../src/index.ts'
import type { ScalingArgs } from './args.ts'
import { measureCosts, measureJob } from './calibrate.ts'

/** What predictions are put together from, as one round found it. */
export interface Parts {
  costs: Costs
  job: Job
}

export async function measureParts(args: ScalingArgs, ranks: readonly number[]): Promise<Parts> {
  const ofEach = args.mode === 'weak' ? 'whole' : 'share' // in weak scaling a rank always has what one rank has
  const costs = await measureCosts(args)
  return { costs, job: await measureJob(args, ranks, ofEach, args.elsewhere ? 1 : Infinity) }
}

/** What each row would take by its parts. */
export async function predictionsFor(
  args: ScalingArgs,
  rows: readonly ScalingRow[],
  parts: readonly Parts[],
): Promise<Prediction[]> {
  const costs = middleOf(parts.map(part => part.costs))
  const one = asOne(parts.map(part => part.job))
  const overSockets = args.launch.includes('--transport=zmq')
  const predictions: Prediction[] = []
  for (const { np, allreduce } of rows) {
    const cluster: Cluster = {
      ...{ ranks: np, ranksPerHost: args.elsewhere ? 1 : np, link: args.link },
      costs: overSockets || args.elsewhere ? { ...costs, memory: null } : costs,
      ...(!args.elsewhere && { cores: availableParallelism() }),
    }
    const times = args.mode === 'weak' ? np : 1
    const [numEnvs, batchSize, shards] = [one.numEnvs, one.batchSize, one.shards].map(n => n * times)
    predictions.push(
      await predict({ ...one, numEnvs, batchSize, shards }, cluster, allreduce as AllreduceChoice, args.seed),
    )
  }
  return predictions
}
