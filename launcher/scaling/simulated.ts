import {
  type AlgorithmName,
  batchFor80,
  type Cluster,
  type Costs,
  type Job,
  type Prediction,
  paysUpTo,
  predict,
} from '../../src/index.ts'
import { type Row, table } from '../commands/bench/table.ts'
import type { ScalingArgs } from './args.ts'
import { measureCosts, measureJob } from './calibrate.ts'

const algorithms: readonly AlgorithmName[] = ['ring', 'direct', 'hierarchical', 'star']

/** What `--simulate --json` prints. */
interface Simulated {
  link: string
  ranksPerHost: number
  costs: Costs
  job: Pick<Job, 'numEnvs' | 'numSteps' | 'batchSize' | 'shards'>
  predictions: Prediction[]
  /** Ranks up to which more of them are faster. */
  paysUpTo: Partial<Record<string, number>>
  /** Rows of a minibatch with which so many ranks are 80 % efficient; null: none is. */
  batchFor80: Record<number, number | null>
}

/** `--simulate`: measures the parts on this machine, and puts them together for a cluster that is not there. */
export async function simulated(args: ScalingArgs): Promise<void> {
  const { np, link, ranksPerHost, seed } = args
  const costs = await measureCosts(args)
  const job = await measureJob(args, np, 'share', ranksPerHost)
  const ways = algorithms.filter(way => args.allreduce.includes('auto') || args.allreduce.includes(way))
  const clusterOf = (ranks: number): Cluster => ({
    ranks,
    ranksPerHost: Math.min(ranks, ranksPerHost),
    link,
    costs,
  })
  const possible = ways.filter(way => way !== 'hierarchical' || (costs.memory && ranksPerHost > 1))
  const predictions: Prediction[] = []
  for (const ranks of np)
    for (const way of possible) predictions.push(await predict(job, clusterOf(ranks), way, seed))
  const most = Math.max(...np)
  const best = (ranks: number) =>
    predictions.filter(({ np }) => np === ranks).reduce((a, b) => (b.updateMs < a.updateMs ? b : a)).allreduce
  const result: Simulated = {
    ...{ link: link.name, ranksPerHost, costs },
    job: { numEnvs: job.numEnvs, numSteps: job.numSteps, batchSize: job.batchSize, shards: job.shards },
    predictions,
    paysUpTo: Object.fromEntries(
      possible.map(way => [way, paysUpTo(job, { ranksPerHost, link, costs }, way, most)]),
    ),
    batchFor80: Object.fromEntries(np.map(ranks => [ranks, batchFor80(job, clusterOf(ranks), best(ranks))])),
  }
  process.stdout.write(args.json ? `${JSON.stringify(result)}\n` : shown(result, args))
}

function shown(result: Simulated, { script, words }: ScalingArgs): string {
  const { link, ranksPerHost, predictions, job } = result
  const rows = predictions.map(
    (row): Row => ({
      np: row.np,
      hosts: Math.ceil(row.np / ranksPerHost),
      allreduce: row.allreduce,
      'ms/update': row.updateMs,
      'steps/s': Math.round(row.sps),
      efficiency: Number(row.efficiency.toFixed(3)),
      communication: row.communicationMs,
      stragglers: row.stragglersMs,
      by: row.method,
      'a real run needs': row.needs ?? '',
    }),
  )
  const pays = Object.entries(result.paysUpTo).map(([way, np]) => `${way} ${np}`)
  const batches = Object.entries(result.batchFor80).map(([np, rows]) => `np ${np}: ${rows ?? 'none'}`)
  return [
    `prediction for ${[script, ...words].join(' ')} (${job.numEnvs} environments, minibatches of ${job.batchSize}) over ${link}, ${ranksPerHost} ranks a host, a core each`,
    '',
    table(rows).trimEnd(),
    '',
    `more ranks are faster up to np   ${pays.join(', ')}`,
    `rows of a minibatch for 80 %     ${batches.join(', ')}`,
    '',
  ].join('\n')
}
