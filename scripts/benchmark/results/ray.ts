import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listCheckpoints } from '../../../src/checkpoint/folder.ts'
import { evaluate } from '../../../src/index.ts'
import { pporun } from './pporun.ts'
import { seeds as five, median } from './rows.ts'

/** A published experiment with a Ray-based PPO on Pendulum-v1, and what it reports for one and four workers. */
const published = [
  { workers: '1', steps: '31.5 k', final: '-126.7' },
  { workers: '4', steps: '24.2 k, 23.8 k', final: '-119.8, -123.2' },
]

const OPTIONS = ['--preset', 'ray-pendulum', '--checkpoint-every', '1', '--keep', '1000']
const GOAL = -200
const seeds = five.slice(0, 1)

export interface Ray {
  np: number
  /** Steps after which 20 episodes with the most probable action first reach the goal, for each seed; null: never. */
  steps: (number | null)[]
  /** Mean return of the last 100 training episodes. */
  final: number[]
  seconds: number[]
  hashes: string[]
}

export async function repeatRay(np: number): Promise<Ray> {
  const result: Ray = { np, steps: [], final: [], seconds: [], hashes: [] }
  for (const seed of seeds) {
    const folder = mkdtempSync(join(tmpdir(), 'pporun-ray-'))
    const out = join(folder, 'run')
    pporun(['-np', String(np), '--quiet', '--out', out, 'train', ...OPTIONS, '--seed', String(seed)])
    const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
    result.steps.push(await stepsToGoal(out))
    result.final.push(run.meanReturn100)
    result.seconds.push(run.globalSteps / run.sps)
    result.hashes.push(run.paramsHash)
    rmSync(folder, { recursive: true })
  }
  return result
}

async function stepsToGoal(run: string): Promise<number | null> {
  for (const path of listCheckpoints(run).toReversed()) {
    const { meanReturn } = await evaluate(path, { episodes: 20 })
    if (meanReturn >= GOAL) return Number(path.split('/').at(-1))
  }
  return null
}

export function rayTable(ours: readonly Ray[]): string {
  const thousand = (steps: number | null) => (steps === null ? 'never' : `${(steps / 1000).toFixed(1)} k`)
  const rows = ours.map(({ np, steps, final, seconds }) => {
    const reached = median(steps.map(value => value ?? Number.POSITIVE_INFINITY))
    return `| pporun, np ${np} | ${thousand(reached === Number.POSITIVE_INFINITY ? null : reached)} (${steps.map(thousand).join(', ')}) | ${median(final).toFixed(1)} | ${median(seconds).toFixed(0)} s |`
  })
  const equal = ours.every(({ hashes }) => hashes.join() === ours[0].hashes.join())
  return `| | steps to ${GOAL} (seeds) | final mean return | time |
| --- | --- | --- | --- |
${published.map(({ workers, steps, final }) => `| published, ${workers} worker${workers === '1' ? '' : 's'} | ${steps} | ${final} | |`).join('\n')}
${rows.join('\n')}

Parameters at these np: ${equal ? 'the same, bit for bit' : 'DIFFERENT'}.`
}
