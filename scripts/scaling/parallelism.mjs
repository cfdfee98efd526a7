// The tables and the pictures of parallelism.sh.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standaloneSvg } from '../../dist/src/web/svg.js'

const THRESHOLD = 300 // of the last 100 episodes of training
const MEASURED = [1, 2, 4] // ranks whose time is measured
const EVERY = [1, 4, 16] // minibatches from one average of `local` to the next
const names = ['allreduce', 'local', 'sampler', 'server', 'model']
const lockstep = ['allreduce', 'sampler', 'server'] // the same parameters, by promise

const [folder] = process.argv.slice(2)
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length

function resultOf(name, ranks) {
  const run = join(folder, `${name}-${ranks}`)
  if (!existsSync(join(run, 'run.json'))) return null
  const { sps, evaluation, paramsHash } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))
  const updates = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const bytes = update =>
    Object.entries(update).reduce((sum, [key, value]) => sum + (key.startsWith('bytes/') ? value : 0), 0)
  return {
    ...{ name, ranks, sps, paramsHash },
    meanReturn: evaluation.meanReturn,
    reached: updates.find(update => update['charts/episodic_return'] >= THRESHOLD)?.steps ?? null,
    bytes: mean(updates.map(bytes)),
    share: mean(
      updates.map(update => update['time/allreduce'] / (update['time/sample'] + update['time/learn'])),
    ),
  }
}

const results = names.flatMap(name => MEASURED.map(ranks => resultOf(name, ranks))).filter(Boolean)
const hashes = results.filter(({ name }) => lockstep.includes(name)).map(({ paramsHash }) => paramsHash)
if (new Set(hashes).size > 1) throw new Error(`${lockstep.join(', ')} gave different parameters: ${hashes}`)

const kilo = value => (value === null ? 'not' : (value / 1000).toFixed(0))
const percent = share => (100 * share).toFixed(0)

function table(head, rows) {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
}

const picture = (file, plot) => writeFileSync(join('scripts', 'scaling', file), standaloneSvg(plot))

function measured() {
  table(
    [
      ...['way', 'ranks', 'steps/s', `thousand steps to ${THRESHOLD}`, 'final return'],
      ...['KB per update through rank 0', 'share of waiting, %'],
    ],
    results.map(({ name, ranks, sps, reached, meanReturn, bytes, share }) => [
      ...[name, ranks, sps.toFixed(0), kilo(reached), meanReturn.toFixed(0), kilo(bytes), percent(share)],
    ]),
  )
  picture('parallelism.svg', {
    title: 'Steps per second',
    x: { label: 'ranks', from: 0, ticks: MEASURED },
    y: { label: '', from: 0 },
    series: names.map(name => {
      const own = results.filter(result => result.name === name)
      return { name, x: own.map(({ ranks }) => ranks), y: own.map(({ sps }) => sps) }
    }),
  })
}

/** Steps to the threshold where time is simulated; of several, the fewest and the most. */
function stepsTo(name, ranks) {
  if (lockstep.includes(name)) return [resultOf('allreduce', 1).reached]
  if (name === 'local') return [resultOf('local', ranks).reached]
  const reached = MEASURED.map(count => resultOf(name, count).reached)
  return reached.includes(null) ? [null] : [Math.min(...reached), Math.max(...reached)]
}

function simulated() {
  const rows = JSON.parse(readFileSync(join(folder, 'simulated.json'), 'utf8'))
  const near = rows.filter(({ hosts }) => hosts === 1)
  const far = rows.filter(({ hosts, np }) => hosts === np)
  const secondsTo = (steps, sps) => steps.map(count => (count === null ? 'not' : (count / sps).toFixed(1)))
  console.log(
    `\nSimulated, a core for each rank, on one host and on as many hosts as ranks. Steps to ${THRESHOLD}: of ${lockstep.join(', ')} those of one` +
      '\nrank, since they give the same parameters at any number (those measured above have one hash); of `local` measured at each' +
      '\nnumber, on the cores that there are: the count knows no clock; of `model`, which rounds in another order at each number, the' +
      '\nrange of those measured above.\n',
  )
  const speed = ['steps/s', 'waiting, %', `s to ${THRESHOLD}`]
  table(
    [
      ...['way', 'ranks', 'KB per update through rank 0', `thousand steps to ${THRESHOLD}`],
      ...speed.map(column => `one host: ${column}`),
      ...speed.map(column => `many: ${column}`),
    ],
    near.map(({ name, np, sps, share, bytes }) => {
      const steps = stepsTo(name, np)
      const apart = far.find(row => row.name === name && row.np === np)
      const speedOf = row => [row.sps.toFixed(0), percent(row.share), secondsTo(steps, row.sps).join('–')]
      return [name, np, kilo(bytes), steps.map(kilo).join('–'), ...speedOf({ sps, share }), ...speedOf(apart)]
    }),
  )
  for (const [file, title, own] of [
    ['simulated-host', 'Steps per second on one host, simulated', near],
    ['simulated-hosts', 'Steps per second, a host for each rank, simulated', far],
  ])
    picture(`${file}.svg`, {
      title,
      x: { label: 'ranks', scale: 'log', ticks: [...new Set(rows.map(({ np }) => np))] },
      y: { label: '', scale: 'log' },
      series: names.map(name => {
        const some = own.filter(row => row.name === name)
        return { name, x: some.map(({ np }) => np), y: some.map(({ sps }) => sps) }
      }),
    })
}

function averages() {
  const local = EVERY.map(k => resultOf(k === 4 ? 'local' : `local${k}`, 4))
  console.log('\n`local` at four ranks:\n')
  table(
    [
      'minibatches from one average to the next',
      `thousand steps to ${THRESHOLD}`,
      'final return',
      'KB per update',
    ],
    local.map(({ reached, meanReturn, bytes }, i) => [
      ...[EVERY[i], kilo(reached), meanReturn.toFixed(0), kilo(bytes)],
    ]),
  )
  for (const [file, title, pick] of [
    ['local-steps', `Thousand steps to ${THRESHOLD}`, ({ reached }) => reached && reached / 1000],
    ['local-bytes', 'KB per update through rank 0', ({ bytes }) => bytes / 1000],
  ])
    picture(`${file}.svg`, {
      title,
      x: { label: 'minibatches from one average to the next', scale: 'log', ticks: EVERY },
      y: { label: '', from: 0 },
      series: [{ name: 'local', x: EVERY, y: local.map(pick) }],
    })
}

measured()
simulated()
averages()
