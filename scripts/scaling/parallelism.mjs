// The table and the pictures of parallelism.sh.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standaloneSvg } from '../../dist/src/web/svg.js'

const THRESHOLD = 300 // of the last 100 episodes of training

const [folder] = process.argv.slice(2)
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length

function resultOf(name, ranks) {
  const run = join(folder, `${name}-${ranks}`)
  if (!existsSync(join(run, 'run.json'))) return null
  const { sps, evaluation } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
  const updates = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const bytes = update =>
    Object.entries(update).reduce((sum, [key, value]) => sum + (key.startsWith('bytes/') ? value : 0), 0)
  return {
    sps,
    meanReturn: evaluation.meanReturn,
    reached: updates.find(update => update['charts/episodic_return'] >= THRESHOLD)?.steps ?? null,
    bytes: mean(updates.map(bytes)),
    share: mean(
      updates.map(update => update['time/allreduce'] / (update['time/sample'] + update['time/learn'])),
    ),
  }
}

const kilo = value => (value === null ? 'not' : (value / 1000).toFixed(0))
const names = ['allreduce', 'local', 'sampler', 'server', 'model']
const results = names.flatMap(name =>
  [1, 2, 4].map(ranks => ({ name, ranks, ...resultOf(name, ranks) })).filter(({ sps }) => sps !== undefined),
)
console.log(
  `| way | ranks | steps/s | thousand steps to ${THRESHOLD} | final return | KB per update through rank 0 | share of waiting, % |`,
)
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const { name, ranks, sps, reached, meanReturn, bytes, share } of results)
  console.log(
    `| ${name} | ${ranks} | ${sps.toFixed(0)} | ${kilo(reached)} | ${meanReturn.toFixed(0)} | ${kilo(bytes)} | ${(100 * share).toFixed(0)} |`,
  )

const picture = (file, plot) => writeFileSync(join('scripts', 'scaling', file), standaloneSvg(plot))
picture('parallelism.svg', {
  title: 'Steps per second',
  x: { label: 'ranks', from: 0, ticks: [1, 2, 4] },
  y: { label: '', from: 0 },
  series: names.map(name => {
    const own = results.filter(result => result.name === name)
    return { name, x: own.map(({ ranks }) => ranks), y: own.map(({ sps }) => sps) }
  }),
})

const simulated = JSON.parse(readFileSync(join(folder, 'simulated.json'), 'utf8'))
const one = (name, np) => simulated.find(row => row.name === name && row.np === np && row.hosts === 1)
const apart = (name, np) => simulated.find(row => row.name === name && row.np === np && row.hosts === np)
console.log(
  '\nSimulated, a core for each rank: steps/s and share of waiting on one host, on as many hosts.\n\n| way | ranks | one host | % | as many hosts | % | KB per update through rank 0 |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const { name, np, sps, share, bytes } of simulated.filter(({ hosts }) => hosts === 1)) {
  const far = apart(name, np)
  const speeds = [sps, share, far.sps, far.share].map((x, i) => (i % 2 ? (100 * x).toFixed(0) : x.toFixed(0)))
  console.log(`| ${[name, np, ...speeds, kilo(bytes)].join(' | ')} |`)
}
const simulatedRanks = [...new Set(simulated.map(({ np }) => np))]
for (const [file, title, pick] of [
  ['simulated-host', 'Steps per second on one host, simulated', one],
  ['simulated-hosts', 'Steps per second, a host for each rank, simulated', apart],
])
  picture(`${file}.svg`, {
    title,
    x: { label: 'ranks', scale: 'log', ticks: simulatedRanks },
    y: { label: '', scale: 'log' },
    series: names.map(name => {
      const own = simulatedRanks.filter(np => pick(name, np))
      return { name, x: own, y: own.map(np => pick(name, np).sps) }
    }),
  })

const every = [1, 4, 16]
const local = every.map(k => resultOf(k === 4 ? 'local' : `local${k}`, 4))
console.log(`\n| minibatches from one average to the next | thousand steps to ${THRESHOLD} | KB per update |`)
console.log('| --- | --- | --- |')
for (const [i, k] of every.entries())
  console.log(`| ${k} | ${kilo(local[i].reached)} | ${kilo(local[i].bytes)} |`)
const overK = (title, pick) => ({
  title,
  x: { label: 'minibatches from one average to the next', scale: 'log', ticks: every },
  y: { label: '', from: 0 },
  series: [{ name: 'local', x: every, y: local.map(pick) }],
})
picture(
  'local-steps.svg',
  overK(`Thousand steps to ${THRESHOLD}`, ({ reached }) => reached && reached / 1000),
)
picture(
  'local-bytes.svg',
  overK('KB per update through rank 0', ({ bytes }) => bytes / 1000),
)
