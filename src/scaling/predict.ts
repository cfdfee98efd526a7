import type { AllreduceChoice } from '../base/contract.ts'
import { type AlgorithmName, choose } from '../collective/table.ts'
import type { Cluster } from './cluster.ts'
import { allgatherTime, allreduceTime } from './model.ts'
import { simulate } from './simulate.ts'
import { expectedMaximum, gathered, type Work, workAt } from './work.ts'

/** The sizes of a training job, all of them global. */
export interface JobSizes {
  numEnvs: number
  numSteps: number
  batchSize: number
  updateEpochs: number
  shards: number
}

/** What is known of a job: its sizes, what its ranks do, and what its messages hold. */
export interface Job extends JobSizes {
  /** Measured on one rank, with several sizes. */
  work: readonly Work[]
  /** Bytes of the sum of a minibatch without and for each shard. */
  message: { fixed: number; perShard: number }
}

/** A job that was measured several times. */
export const asOne = (jobs: readonly Job[]): Job => ({
  ...jobs[0],
  work: gathered(jobs.flatMap(job => job.work)),
})

/** Time of an update. */
export interface Prediction {
  np: number
  allreduce: AlgorithmName
  method: 'simulation' | 'formula'
  updateMs: number
  /** Of that: collectives; and what the slowest rank takes longer than the median one. */
  communicationMs: number
  stragglersMs: number
  sps: number
  efficiency: number
  /** What a real run would have to be told, where the job has too few shards. */
  needs: string | null
}

/** The job with at least a shard for each rank: every rank needs an environment, and a row of every minibatch. */
export function sizesFor(job: Job, np: number): Job {
  if (np <= job.shards) return job
  const up = (n: number) => Math.ceil(n / np) * np
  const numEnvs = up(job.numEnvs)
  let batchSize = up(job.batchSize)
  while ((numEnvs * job.numSteps) % batchSize !== 0) batchSize += np
  return { ...job, numEnvs, batchSize, shards: np }
}

/** What those sizes are, as options of the script; null: its own. */
export function needsOf(job: Job, np: number): string | null {
  const { numEnvs, batchSize, shards } = sizesFor(job, np)
  if (np <= job.shards) return null
  const given = { '--num-envs': [numEnvs, job.numEnvs], '--batch-size': [batchSize, job.batchSize] }
  const changed = Object.entries(given).flatMap(([name, [now, before]]) =>
    now === before ? [] : `${name} ${now}`,
  )
  return [...changed, `--shards ${shards}`].join(' ')
}

/** What a rank with the most shards does, among the ranks of its host. */
function workIn(
  { numEnvs, batchSize, shards, work }: Job,
  { ranks: np, ranksPerHost, cores }: Cluster,
): Work {
  const share = Math.ceil(shards / np) / shards
  const busy = Math.min(np, cores ?? ranksPerHost)
  return workAt(work, { envs: Math.max(1, numEnvs * share), rows: Math.max(1, batchSize * share), busy })
}

const minibatchesOf = ({ numEnvs, numSteps, batchSize, updateEpochs }: Job): number =>
  ((numEnvs * numSteps) / batchSize) * updateEpochs
const messageOf = ({ message, shards }: Job): number => message.fixed + shards * message.perShard
/** Advantages, values and moments of a rank, once per update. */
const blockOf = ({ numEnvs, numSteps }: Job, np: number): number => (8 * numEnvs * numSteps) / np

/** Messages of a simulation, in all: a second or two. */
const BUDGET = 60_000

/** What an update takes on a cluster; by simulation, or by formula where the messages are too many. */
export async function predict(
  wanted: Job,
  cluster: Cluster,
  choice: AllreduceChoice,
  seed = 0,
): Promise<Prediction> {
  const { ranks: np } = cluster
  const job = sizesFor(wanted, np)
  const allreduce = algorithmOf(cluster, choice, messageOf(job))
  const formula = byFormula(job, cluster, allreduce)
  const simulated = np === 1 ? null : await bySimulation(job, cluster, allreduce, seed)
  const updateMs = simulated ?? formula.updateMs
  const one = byFormula(job, { ...cluster, ranks: 1, ranksPerHost: 1 }, 'ring').updateMs
  return {
    ...{ np, allreduce, method: simulated === null ? 'formula' : 'simulation', updateMs },
    communicationMs: formula.communicationMs,
    stragglersMs: formula.stragglersMs,
    sps: (1000 * job.numEnvs * job.numSteps) / updateMs,
    efficiency: one / (np * updateMs),
    needs: needsOf(wanted, np),
  }
}

function algorithmOf(
  { costs, ranksPerHost, ranks }: Cluster,
  choice: AllreduceChoice,
  bytes: number,
): AlgorithmName {
  if (choice !== 'auto') return choice
  return costs.memory && Math.min(ranksPerHost, ranks) > 1 ? 'hierarchical' : choose(bytes)
}

/** Of each part the slowest of all ranks, and the collectives, one after the other. */
export function byFormula(
  job: Job,
  cluster: Cluster,
  allreduce: AlgorithmName,
): Pick<Prediction, 'updateMs' | 'communicationMs' | 'stragglersMs'> {
  const { ranks: np } = cluster
  const { sample, learn, rest } = workIn(job, cluster)
  const minibatches = minibatchesOf(job)
  const slowest = (of: number) =>
    expectedMaximum(sample, of) + minibatches * expectedMaximum(learn, of) + expectedMaximum(rest, 1)
  const communicationMs =
    allgatherTime(cluster, blockOf(job, np)) + minibatches * allreduceTime(cluster, allreduce, messageOf(job))
  const work = slowest(np)
  return { updateMs: work + communicationMs, communicationMs, stragglersMs: work - slowest(1) }
}

/** Some updates with their waits, or parts of one; null: too many messages. */
async function bySimulation(
  job: Job,
  cluster: Cluster,
  allreduce: AlgorithmName,
  seed: number,
): Promise<number | null> {
  const { ranks: np, ranksPerHost } = cluster
  const talking = allreduce === 'hierarchical' ? Math.ceil(np / ranksPerHost) : np
  const each = allreduce === 'star' ? 2 * talking : 2 * talking * (talking - 1)
  const fitting = Math.floor((BUDGET - np * (np - 1)) / Math.max(1, each + np))
  const minibatches = minibatchesOf(job)
  if (fitting < 1) return null
  const updates = Math.max(1, Math.min(20, Math.floor(fitting / minibatches)))
  const simulated = Math.min(minibatches, fitting)
  const { sample, learn, rest } = workIn(job, cluster)
  const draw = (times: readonly number[], random: number) => times[Math.floor(random * times.length)]
  const block = Math.ceil(blockOf(job, np) / 8)
  let learning = 0
  const end = await simulate(cluster, { allreduce, seed }, async ({ comm, compute, random, now }) => {
    const message = comm.buffer(Math.ceil(messageOf(job) / 8), 'float64')
    for (let update = 0; update < updates; update++) {
      await compute(draw(sample, random()))
      await comm.allgather(new Float64Array(block))
      const begin = now()
      for (let minibatch = 0; minibatch < simulated; minibatch++) {
        await compute(draw(learn, random()))
        await comm.allreduce(message)
      }
      if (comm.rank === 0) learning += now() - begin
      if (comm.rank === 0) await compute(draw(rest, random())) // it writes and reports for all
    }
  })
  return (end - learning + (learning * minibatches) / simulated) / updates
}

/** Up to which number of ranks, in steps of two, more of them are faster with this algorithm. */
export function paysUpTo(
  job: Job,
  cluster: Omit<Cluster, 'ranks'>,
  allreduce: AlgorithmName,
  most: number,
): number {
  const speed = (np: number) => {
    const sizes = sizesFor(job, np)
    const hosts = { ...cluster, ranks: np, ranksPerHost: Math.min(np, cluster.ranksPerHost) }
    return (sizes.numEnvs * sizes.numSteps) / byFormula(sizes, hosts, allreduce).updateMs
  }
  let np = 1
  while (2 * np <= most && speed(2 * np) > speed(np)) np *= 2
  return np
}

/** The least batch, its own times a power of two, with which np ranks are at least 80 % efficient; null: none below 2^24 rows. */
export function batchFor80(job: Job, cluster: Cluster, allreduce: AlgorithmName): number | null {
  const { ranks: np } = cluster
  for (let factor = 1; job.batchSize * factor <= 2 ** 24; factor *= 2) {
    const larger = sizesFor({ ...job, numEnvs: job.numEnvs * factor, batchSize: job.batchSize * factor }, np)
    const one = byFormula(larger, { ...cluster, ranks: 1, ranksPerHost: 1 }, allreduce).updateMs
    if (one / (np * byFormula(larger, cluster, allreduce).updateMs) >= 0.8) return larger.batchSize
  }
  return null
}
