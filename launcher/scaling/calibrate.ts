import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Costs, type Job, readRun, type TraceEvent, type Work, workOf } from '../../src/index.ts'
import { measureOnRanks } from '../commands/bench/ranks.ts'
import type { ScalingArgs } from './args.ts'
import { runJob } from './run.ts'

/** About how long a run is that shows what a rank's share of the work takes, and of how many updates. */
const SECONDS = 2
const [LEAST, MOST] = [10, 200]

/** alpha, beta and gamma, between two ranks of this machine, or of the first two hosts. */
export function measureCosts({ launch }: Pick<ScalingArgs, 'launch'>): Promise<Costs> {
  return measureOnRanks<Costs>(
    ['--np=2', '--map-by=node', ...launch.filter(word => !/^--(map-by|transport)=/.test(word))],
    'costs.ts',
    [],
  )
}

interface Sizes {
  numEnvs: number
  numSteps: number
  batchSize: number
  updateEpochs: number
}

/** A rank's share of a job, in shards, while so many ranks of its machine compute. */
interface Share {
  shards: number
  busy: number
}

/** What a run of one rank, or several of them at once, came to. */
interface Measured {
  sizes: Sizes
  shards: number
  /** Of a message of its sums. */
  bytes: number
  sps: number
  work: Work
}

/**
 * What the script's work takes: a run of one rank with all of it, and for each `np` as many at once as ranks will compute on a
 * host, each with a rank's share. So a prediction rests on no job of several ranks, and yet knows cores that are all busy.
 * @param ofEach what a rank has at np: a share of the work, or, where the sizes grow with np, as much as one has.
 * @param ranksPerHost with a core of this machine's kind each.
 */
export async function measureJob(
  { script, words }: ScalingArgs,
  ranks: readonly number[],
  ofEach: 'share' | 'whole',
  ranksPerHost: number,
): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-scaling-'))
  const measured = async (busy: number, own: string[]): Promise<Measured> => {
    const outs = Array.from({ length: busy }, () => mkdtempSync(join(folder, 'run-')))
    const launch = ['--np=1', '--transport=zmq', '--timeline']
    await Promise.all(outs.map(out => runJob([...launch, `--out=${out}`, script, ...words, ...own])))
    const { config, shards, messageBytes, sps } = readRun(outs[0])
    const sizes = config as unknown as Sizes
    const work = workOf(outs.map(timelineIn), { envs: sizes.numEnvs, rows: sizes.batchSize, busy })
    return { sizes, shards: Number(shards), bytes: Number(messageBytes), sps: sps!, work }
  }
  try {
    const whole = await measured(1, [])
    const parts: Measured[] = []
    for (const { shards, busy } of sharesOf(whole.shards, ranks, ofEach, ranksPerHost))
      parts.push(await measured(busy, wordsFor(whole, shards)))
    return jobOf(whole, parts)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const timelineIn = (out: string): TraceEvent[] =>
  JSON.parse(readFileSync(join(out, 'timeline.json'), 'utf8')) as TraceEvent[]

/** Each once; and the least there is, for lines through it. */
function sharesOf(
  shards: number,
  ranks: readonly number[],
  ofEach: 'share' | 'whole',
  ranksPerHost: number,
): Share[] {
  const most = Math.min(ranksPerHost, availableParallelism())
  const busyAt = (np: number) => Math.min(np, most)
  const shares = new Map<string, Share>()
  const add = (share: Share) => shares.set(`${share.shards} ${share.busy}`, share)
  for (const np of ranks)
    add({ shards: ofEach === 'whole' ? shards : Math.max(1, Math.ceil(shards / np)), busy: busyAt(np) })
  add({ shards: 1, busy: busyAt(Math.max(...ranks)) })
  shares.delete(`${shards} 1`) // the whole job by itself
  return [...shares.values()]
}

/** Options by which a job of one rank has so many of the shards. */
function wordsFor({ sizes, shards, sps }: Measured, share: number): string[] {
  const part = (n: number) => (n / shards) * share
  const rows = part(sizes.numEnvs) * sizes.numSteps
  const updates = Math.round(Math.min(MOST, Math.max(LEAST, (SECONDS * sps) / rows)))
  return [
    `--num-envs=${part(sizes.numEnvs)}`,
    `--batch-size=${part(sizes.batchSize)}`,
    `--shards=${share}`,
    `--total-steps=${updates * rows}`,
  ]
}

function jobOf(whole: Measured, parts: readonly Measured[]): Job {
  const { sizes, shards, bytes } = whole
  const { numEnvs, numSteps, batchSize, updateEpochs } = sizes
  const other = parts.find(part => part.shards < shards)
  const perShard = other ? (bytes - other.bytes) / (shards - other.shards) : 0
  return {
    ...{ numEnvs, numSteps, batchSize, updateEpochs, shards },
    work: [whole, ...parts].map(({ work }) => work),
    message: { fixed: bytes - shards * perShard, perShard },
  }
}
