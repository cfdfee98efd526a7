// The table and the picture of vtrace.sh.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standaloneSvg } from '../../dist/src/web/svg.js'

const THRESHOLD = 400 // of the last 100 episodes of training

const [folder, seeds] = process.argv.slice(2)

function trialOf(correction, seed) {
  const run = join(folder, `${correction}-${seed}`)
  const { evaluation } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
  const updates = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  return { updates, meanReturn: evaluation.meanReturn }
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length
const curves = { vtrace: 'V-trace', none: 'none' }
console.log(
  `| correction | seed | staleness, mean | thousand steps to ${THRESHOLD} | mean return of all updates | final return |`,
)
console.log('| --- | --- | --- | --- | --- | --- |')
const series = Object.entries(curves).map(([correction, name]) => {
  const trials = Array.from({ length: Number(seeds) }, (_, seed) => trialOf(correction, seed))
  for (const [seed, { updates, meanReturn }] of trials.entries()) {
    const reached = updates.find(update => update['charts/episodic_return'] >= THRESHOLD)?.steps
    const column = metric => mean(updates.map(update => update[metric] ?? 0)).toFixed(0)
    console.log(
      `| ${name} | ${seed} | ${column('staleness/mean')} | ${reached ? (reached / 1000).toFixed(0) : 'not'} | ${column('charts/episodic_return')} | ${meanReturn.toFixed(0)} |`,
    )
  }
  const steps = trials[0].updates.filter((_, i) => i % 4 === 0).map(({ steps }) => steps)
  const y = steps.map((_, i) =>
    mean(trials.map(({ updates }) => updates[4 * i]['charts/episodic_return'] ?? 0)),
  )
  return { name, x: steps, y }
})
writeFileSync(
  join('scripts', 'scaling', 'vtrace.svg'),
  standaloneSvg({
    title: `Return, policies 20 updates late (${seeds} seeds)`,
    x: { label: 'environment steps', from: 0 },
    y: { label: '', from: 0 },
    series,
  }),
)
