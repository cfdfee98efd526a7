/**
 * Engines beside PyTorch on one core: engines.sh runs this. Arguments: JSON files of `pporun bench engine` and
 * peers/torch_step.py, in any number of rounds. Prints Markdown: medians over the rounds, and the ratio to PyTorch.
 */
import { readFileSync } from 'node:fs'

interface Row {
  engine: string
  device?: string
  network: string
  rows: number
  step: number
  gradients: number
  act8: number
  parameters?: number
  upload?: number
}

const all = process.argv.slice(2).flatMap(path => JSON.parse(readFileSync(path, 'utf8')) as Row[])

console.log(
  '| network | rows | engine | on | step, us | beside PyTorch | gradients | parameters in | rows in | act() of 8 |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const task of grouped(all, ({ network, rows }) => `${network} ${rows}`)) {
  const engines = grouped(task, ({ engine }) => engine)
  const peer = engines.find(([{ engine }]) => engine.startsWith('PyTorch'))
  for (const rounds of engines) console.log(`| ${cells(rounds, peer).join(' | ')} |`)
}

function cells(rounds: readonly Row[], peer: readonly Row[] | undefined): (string | number)[] {
  const [{ network, rows, engine, device = '' }] = rounds
  const of = (part: 'step' | 'gradients' | 'act8' | 'parameters' | 'upload') =>
    median(rounds.flatMap(row => row[part] ?? []))
  const digits = (x: number) => (Number.isNaN(x) ? '' : Number(x.toPrecision(3)))
  const ratio = peer ? (of('step') / median(peer.map(({ step }) => step))).toFixed(2) : ''
  const rest = (['gradients', 'parameters', 'upload', 'act8'] as const).map(part => digits(of(part)))
  return [network, rows, engine, device, digits(of('step')), ratio, ...rest]
}

/** Rows with equal keys together, in the order in which keys first occur. */
function grouped(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return [...groups.values()]
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
