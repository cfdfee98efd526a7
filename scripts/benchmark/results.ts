import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Evaluation } from '../../src/index.ts'
import { standaloneSvg } from '../../src/web/svg.ts'
import { type Row, rows, seeds } from './results/rows.ts'

/** Repeats the learning results (results.sh). */

const root = fileURLToPath(new URL('../../../', import.meta.url))
const target = join(root, 'scripts', 'benchmark', 'results')
const kept = join(target, 'results.json')

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
  /** Whether seed 1 has the same parameters at np 1, 2 and 4. */
  equal: boolean
  /** Median steps per second. */
  sps: number
}

function train(row: Row, seed: number, np: number): Run {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-results-'))
  const out = join(folder, 'run')
  const words = ['-np', String(np), '--quiet', '--out', out, 'train', ...row.options, '--seed', String(seed)]
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'launcher', 'pporun.mjs'), ...words])
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
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
  const hashes = [2, 4].map(np => train(row, seeds[0], np).paramsHash)
  writeFileSync(join(target, pictureOf(row)), picture(row, runs))
  return {
    values: runs.map(run => (row.measure === 'training' ? run.meanReturn100 : run.evaluation.meanReturn)),
    equal: hashes.every(hash => hash === runs[0].paramsHash),
    sps: median(runs.map(({ sps }) => sps)),
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

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

function page(results: Record<string, Result>): string {
  const done = rows.filter(({ name }) => results[name])
  return `# Learning results

Made by \`scripts/benchmark/results.sh\`: every figure is from a run of its own with that many steps, at np 1. Returns of ${seeds.length}
seeds (${seeds.join(', ')}): 100 episodes with the most probable action; of CleanRL's settings the last 100 episodes of training.
Hashes: seed ${seeds[0]} at np 1, 2 and 4. Speed: steps per second on one of two cores of a shared machine.

| settings, steps | at least | median | seeds | hashes | speed | published |
| --- | --- | --- | --- | --- | --- | --- |
${done.map(row => line(row, results[row.name])).join('\n')}

${done.map(row => `![${row.name}](${pictureOf(row)})`).join('\n')}
`
}

const words = process.argv.slice(2)
const results = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Record<string, Result>) : {}
for (const row of rows.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)))) {
  results[row.name] = measure(row)
  console.log(line(row, results[row.name]))
  writeFileSync(kept, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(target, 'README.md'), page(results))
}
