/**
 * Engines beside PyTorch on one core: engines.sh runs this. Arguments: JSON files of `pporun bench engine` and
 * peers/torch_step.py, in any number of rounds. Prints Markdown: medians over the rounds, and the ratio to PyTorch.
 */
import { readFileSync } from 'node:fs'

interface Row {
  engine: string
  network: string
  rows: number
  step: number
  gradients: number
  act8: number
  parameters?: number
  upload?: number
}

const rows = process.argv.slice(2).flatMap(path => JSON.parse(readFileSync(path, 'utf8')) as Row[])
const keyOf = ({ network, rows, engine }: Row): string => [network, rows, engine].join('|')
const cells = new Map<string, Row[]>()
for (const row of rows) cells.set(keyOf(row), [...(cells.get(keyOf(row)) ?? []), row])

console.log(
  '| network | rows | engine | step, us | beside PyTorch | gradients | parameters in | rows in | act() of 8 |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const some of cells.values()) {
  const [{ network, rows: size, engine }] = some
  const of = (part: 'step' | 'gradients' | 'act8' | 'parameters' | 'upload') =>
    median(some.flatMap(row => row[part] ?? []))
  const peer = [...cells.values()].find(
    ([row]) => row.network === network && row.rows === size && row.engine.startsWith('PyTorch'),
  )
  const ratio = peer ? (of('step') / median(peer.map(({ step }) => step))).toFixed(2) : ''
  const figures = [of('step'), ratio, of('gradients'), of('parameters'), of('upload'), of('act8')]
  const shown = figures.map(x =>
    typeof x === 'string' ? x : Number.isNaN(x) ? '' : Number(x.toPrecision(3)),
  )
  console.log(`| ${[network, size, engine, ...shown].join(' | ')} |`)
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
