// A published scaling experiment with a Ray-based PPO on Pendulum-v1, repeated: np 1 and 2 measured, 4 to 16 predicted for a
// core per rank:   node dist/scripts/scaling/ray.js [ROUNDS]        about two minutes on two idle cores. Prints Markdown.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { busyProcesses, runJob } from '../../launcher/scaling/run.ts'
import { median } from '../../src/base/math/median.ts'
import { oneHash, type Prediction, type Trial, trialOf } from '../../src/index.ts'
import { checkout } from '../../test/data.ts'

/** Steps per second by number of workers. It says 4.2 % of the time for weights and 9.6 % for trajectories. */
const published: Record<number, number> = { 1: 245, 2: 462, 4: 710, 8: 1354, 16: 2103 }

/** Its 2 048 steps per round and its hidden 256; 16 environments for 16 ranks. */
const WORDS = '--preset ray-pendulum --num-envs 16 --num-steps 128 --shards 16 --total-steps 20480'.split(' ')
/** It says nothing of minibatches: the first is ours in its table, the last is the whole round. */
const BATCHES = [512, 2048]
const wordsOf = (batch: number): string[] => [...WORDS, '--batch-size', String(batch)]

/** What was run in a round with minibatches of a size: one rank, two jobs of one rank at once, one job of two ranks. */
interface Round {
  alone: Trial
  atOnce: Trial[]
  together: Trial
}

const rounds = Number(process.argv[2] ?? 3)
const folder = mkdtempSync(join(tmpdir(), 'pporun-ray-'))
const measured = new Map(BATCHES.map(batch => [batch, [] as Round[]]))
try {
  for (let round = 0; round < rounds; round++)
    for (const batch of round % 2 === 0 ? BATCHES : BATCHES.toReversed())
      measured.get(batch)!.push(await measure(batch, round))
} finally {
  rmSync(folder, { recursive: true })
}
const { predictions } = predicted()
table(
  [
    'ranks',
    'published, steps/s',
    'efficiency',
    'ours, steps/s',
    'efficiency',
    'us of communication per update',
    'share',
    'how',
  ],
  Object.entries(published).map(([np, theirs]) => rowOf(Number(np), theirs)),
)
console.log()
table(
  [
    'minibatch',
    'one rank, steps/s',
    'two jobs of one rank at once, each',
    'two ranks',
    'efficiency',
    'of what the machine has for two',
    'share of communication',
    'parameters',
  ],
  BATCHES.map(ceilingOf),
)

async function measure(batch: number, round: number): Promise<Round> {
  const run = async (np: number, name: string) => {
    const out = join(folder, `${batch}-${round}-${name}`)
    const load = busyProcesses()
    await runJob([`--np=${np}`, `--out=${out}`, 'train', ...wordsOf(batch)])
    return trialOf(out, { np, round, allreduce: 'auto', load, oversubscribed: false })
  }
  const alone = await run(1, 'alone')
  const together = await run(2, 'together')
  const atOnce = await Promise.all([run(1, 'first'), run(1, 'second')])
  return { alone, atOnce, together }
}

/** For as many ranks, with a core each. */
function predicted(): { predictions: Prediction[] } {
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const launch = [
    'scaling',
    'train',
    '--simulate',
    '--np=1,2,4,8,16',
    '--hosts-of=16',
    '--allreduce=hierarchical',
  ]
  const { status, stdout } = spawnSync(
    process.execPath,
    [bin, ...launch, '--json', '--', ...wordsOf(BATCHES[0])],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (status !== 0) process.exit(status ?? 1)
  return JSON.parse(stdout) as { predictions: Prediction[] }
}

/** Beside the published row of so many workers. */
function rowOf(np: number, theirs: number): (string | number)[] {
  const own = measured.get(BATCHES[0])!
  const one = median(own.map(({ alone }) => alone.sps))
  const trials =
    np === 1 ? own.map(({ alone }) => alone) : np === 2 ? own.map(({ together }) => together) : []
  const prediction = predictions.find(prediction => prediction.np === np)!
  const [sps, efficiency, communication, update, how] =
    trials.length > 0
      ? [
          median(trials.map(({ sps }) => sps)),
          np === 1 ? 1 : median(own.map(efficiencyOf)),
          median(trials.map(({ communication }) => communication)),
          median(trials.map(({ update }) => update)),
          `measured, predicted ${prediction.efficiency.toFixed(2)}`,
        ]
      : [
          prediction.efficiency * np * one,
          prediction.efficiency,
          prediction.communicationMs,
          prediction.updateMs,
          `by ${prediction.method}`,
        ]
  return [
    ...[np, theirs, (theirs / (np * published[1])).toFixed(2), Math.round(sps), efficiency.toFixed(2)],
    ...[(1000 * communication).toFixed(0), percent(communication / update), how],
  ]
}

/** How much of two cores two jobs that know nothing of each other get, and how much of that one job of two ranks makes use of. */
function ceilingOf(batch: number): (string | number)[] {
  const own = measured.get(batch)!
  const of = (pick: (round: Round) => number) => median(own.map(pick))
  const hash = oneHash(own.flatMap(({ alone, atOnce, together }) => [alone, ...atOnce, together]))
  return [
    batch,
    ...[of(({ alone }) => alone.sps), of(both) / 2, of(({ together }) => together.sps)].map(Math.round),
    of(efficiencyOf).toFixed(2),
    of(round => round.together.sps / both(round)).toFixed(2),
    percent(of(({ together }) => together.communication / together.update)),
    hash,
  ]
}

function efficiencyOf({ alone, together }: Round): number {
  return together.sps / (2 * alone.sps)
}

function both({ atOnce }: Round): number {
  return atOnce.reduce((sum, { sps }) => sum + sps, 0)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function table(head: string[], rows: (string | number)[][]): void {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
}
