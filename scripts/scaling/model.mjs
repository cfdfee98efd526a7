// The table of model.sh: medians over the updates and over what each rank said of its memory.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
const linesOf = file => readFileSync(join(folder, file), 'utf8').trim().split('\n')
const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const rows = [1, 2, 4].map(ranks => {
  const updates = linesOf(`${ranks}/metrics.jsonl`).map(line => JSON.parse(line))
  const times = updates.slice(1).map(({ seconds }, i) => seconds - updates[i].seconds)
  const memory = Array.from({ length: ranks }, (_, rank) => {
    const said = linesOf(`${ranks}/logs/rank.${rank}.log`).filter(line => line.startsWith('memory '))
    return said.map(line => JSON.parse(line.slice('memory '.length)))
  })
  // In the middle of the run: the network has been drawn, and the checkpoint is still to come.
  const steady = memory.map(said => said[Math.floor(said.length / 2)].now)
  const peak = memory.map(said => said.at(-1).peak)
  const sums = updates.at(-1)['bytes/activations'] ?? 0
  return [
    ranks,
    (Math.max(...steady) / 1e6).toFixed(0),
    (Math.max(...peak) / 1e6).toFixed(0),
    times.length > 0 ? median(times).toFixed(2) : '-',
    (sums / 1e6).toFixed(1),
    updates.length,
  ]
})
console.log(
  '| ranks of the team | memory of a rank, MB | at its peak | s per update | MB of activations through a rank | updates |',
)
console.log('| --- | --- | --- | --- | --- | --- |')
for (const row of rows) console.log(`| ${row.join(' | ')} |`)
