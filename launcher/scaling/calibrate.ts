import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Costs, type Job, readRun, type TraceEvent, workOf } from '../../src/index.ts'
import { measureOnRanks } from '../commands/bench/ranks.ts'
import type { ScalingArgs } from './args.ts'
import { runJob } from './run.ts'

/** Updates of a run that shows what a rank's share of the work takes. */
const UPDATES = 40

/** alpha, beta and gamma, between two ranks of this machine, or of the first two hosts. */
export function measureCosts({ launch }: Pick<ScalingArgs, 'launch'>): Promise<Costs> {
  return measureOnRanks<Costs>(
    ['--np=2', '--map-by=node', ...launch.filter(word => !/^--(map-by|transport)=/.test(word))],
    'costs.ts',
    [],
  )
}

interface RunConfig {
  numEnvs: number
  numSteps: number
  batchSize: number
  updateEpochs: number
}

/**
 * What the script's work takes on one core: a run of one rank with all of it, and one with what a rank has at each `np`, so
 * that a prediction rests on no job of several ranks.
 */
export async function measureJob({ script, words }: ScalingArgs, ranks: readonly number[]): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-scaling-'))
  try {
    const one = async (name: string, own: string[]) => {
      const out = join(folder, name)
      await runJob(['--np=1', '--transport=zmq', '--timeline', `--out=${out}`, script, ...words, ...own])
      const { config, shards, messageBytes } = readRun(out)
      const events = JSON.parse(readFileSync(join(out, 'timeline.json'), 'utf8')) as TraceEvent[]
      const sizes = config as unknown as RunConfig
      return {
        sizes,
        shards: Number(shards),
        bytes: Number(messageBytes),
        work: workOf(events, sizes.numEnvs, sizes.batchSize),
      }
    }
    const whole = await one('whole', [])
    const { sizes, shards } = whole
    const shares = [...new Set([...ranks.map(np => Math.ceil(shards / np)), 1])].filter(
      share => share < shards,
    )
    const parts = []
    for (const share of shares) {
      const part = (n: number) => (n / shards) * share
      const steps = UPDATES * part(sizes.numEnvs) * sizes.numSteps
      parts.push(
        await one(`share-${share}`, [
          `--num-envs=${part(sizes.numEnvs)}`,
          `--batch-size=${part(sizes.batchSize)}`,
          `--shards=${share}`,
          `--total-steps=${steps}`,
        ]),
      )
    }
    const { numEnvs, numSteps, batchSize, updateEpochs } = sizes
    const other = parts[0]
    const perShard = other ? (whole.bytes - other.bytes) / (shards - other.shards) : 0
    return {
      ...{ numEnvs, numSteps, batchSize, updateEpochs, shards },
      work: [whole, ...parts].map(({ work }) => work),
      message: { fixed: whole.bytes - shards * perShard, perShard },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
