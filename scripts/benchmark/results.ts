import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evaluation } from '../../src/index.ts'
import { standaloneSvg } from '../../src/web/svg.ts'
import { pporun, root } from './results/pporun.ts'
import { type Ray, rayTable, repeatRay } from './results/ray.ts'
import { median, type Row, rows, seeds } from './results/rows.ts'

/** Repeats the learning results (results.sh). */

const target = join(root, 'scripts', 'benchmark', 'results')
const kept = join(target, 'results.json')

/** Most steps of the runs whose parameters are compared: more ranks than cores are slow. */
const COMPARED = 100_000

interface Run {
  paramsHash: string
  meanReturn100: number
  evaluation: Evaluation
  sps: number
  curve: { steps: number; return: number | null }[]
}

/** What results.json keeps of a row. */
interface Result {
  /** One for each seed. */
  values: number[]
  /** Whether seed 1 has the same parameters at np 1, 2 and 4, after COMPARED steps at most. */
  equal: boolean
  /** Median steps per second. */
  sps: number
}

function train(row: Row, seed: number, np: number): Run {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-results-'))
  const out = join(folder, 'run')
  pporun(['-np', String(np), '--quiet', '--out', out, 'train', ...row.options, '--seed', String(seed)])
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Omit<Run, 'curve'>
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
  rmSync(folder, { recursive: true })
  const curve = lines.map(line => {
    const { steps, 'charts/episodic_return': mean } = JSON.parse(line) as Record<string, number>
    return { steps, return: mean }
  })
  return { ...run, curve }
}

function measure(row: Row): Result {
  const runs = seeds.map(seed => train(row, seed, 1))
  const short = { ...row, options: [...row.options, '--total-steps', String(Math.min(row.steps, COMPARED))] }
  const hashes = [1, 2, 4].map(np => train(short, seeds[0], np).paramsHash)
  writeFileSync(join(target, pictureOf(row)), picture(row, runs))
  return {
    values: runs.map(run => (row.measure === 'training' ? run.meanReturn100 : run.evaluation.meanReturn)),
    equal: hashes.every(hash => hash === hashes[0]),
    sps: median(runs.map(({ sps }) => sps)),
  }
}

const pictureOf = ({ name }: Row): string => `${name.replace(/[^\w]+/g, '-')}.svg`

/** Return of the last 100 training episodes: median of the seeds, and between the worst and the best. */
function picture({ name }: Row, runs: Run[]): string {
  const steps = runs[0].curve.map(point => point.steps)
  const known = (pick: (sorted: number[]) => number) =>
    steps.map((_, i) => {
      const values = runs.map(({ curve }) => curve[i].return).filter(value => value !== null)
      return values.length < runs.length ? null : pick(values.toSorted((a, b) => a - b))
    })
  const band = { low: known(sorted => sorted[0]), high: known(sorted => sorted.at(-1)!) }
  const y = known(sorted => sorted[Math.floor(sorted.length / 2)])
  return standaloneSvg({
    title: name,
    x: { label: 'environment steps' },
    y: { label: `return of the last 100 episodes, ${runs.length} seeds` },
    series: [{ name: 'median, worst to best', x: steps, y, ...band }],
  })
}

function line(row: Row, { values, equal, sps }: Result): string {
  const reached = median(values)
  const columns = [
    row.name,
    row.bar,
    `**${reached.toFixed(1)}**${reached < row.bar ? ' (missed)' : ''}`,
    values.map(value => value.toFixed(1)).join(', '),
    equal ? 'equal' : 'DIFFERENT',
    `${Math.round(sps / 1000)} k`,
    row.published,
  ]
  return `| ${columns.join(' | ')} |`
}

/** What results.json holds. */
interface Kept {
  rows: Record<string, Result>
  ray: Ray[]
}

function page({ rows: results, ray }: Kept): string {
  const done = rows.filter(({ name }) => results[name])
  return `# Learning results

Made by \`scripts/benchmark/results.sh\`: every figure is from a run of its own with that many steps, at np 1. Returns of ${seeds.length}
seeds (${seeds.join(', ')}): 100 episodes with the most probable action; of CleanRL's settings the last 100 episodes of training.
Hashes: seed ${seeds[0]} at np 1, 2 and 4, after at most ${COMPARED / 1000} k steps. Speed: steps per second on one of two cores of a shared machine, busy with other work.

| settings, steps | at least | median | seeds | hashes | speed | published |
| --- | --- | --- | --- | --- | --- | --- |
${done.map(row => line(row, results[row.name])).join('\n')}

${done.map(row => `![${row.name}](${pictureOf(row)})`).join('\n')}
${ray.length === 0 ? '' : `\n${raySection(ray)}`}`
}

const raySection = (ray: Ray[]): string => `## A published experiment

A Ray-based PPO on Pendulum-v1: learning rate 3e-4, lambda 0.95, gamma 0.99, clip 0.2, 2 048 steps per round, hidden 256. What it
does not say is ours (\`--preset ray-pendulum\`). Ours reaches the goal when 20 episodes with the most probable action do, tested after
each round of 2 048 steps; the final return is that of the last 100 episodes of training, 100 k steps.

${rayTable(ray)}
`

const words = process.argv.slice(2)
const isChosen = (name: string) => words.length === 0 || words.some(word => name.includes(word))
const results: Kept = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : { rows: {}, ray: [] }

function keep(): void {
  writeFileSync(kept, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(target, 'README.md'), page(results))
}

keep() // the page follows this file also where nothing is measured again
for (const row of rows.filter(({ name }) => isChosen(name))) {
  results.rows[row.name] = measure(row)
  console.log(line(row, results.rows[row.name]))
  keep()
}
if (isChosen('Ray')) {
  results.ray = []
  for (const np of [1, 4]) results.ray.push(await repeatRay(np))
  console.log(rayTable(results.ray))
  keep()
}
