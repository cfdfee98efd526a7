// Ring, direct, hierarchical and star over ranks and sizes, simulated and measured, as three pictures, and from which batch on two hosts
// are faster than one:   node dist/scripts/scaling/curves.js        about a minute and a half on two idle cores. Prints Markdown.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseScaling } from '../../launcher/scaling/args.ts'
import { measureCosts, measureJob } from '../../launcher/scaling/calibrate.ts'
import {
  type AlgorithmName,
  type Cluster,
  type Costs,
  type Job,
  links,
  middleOf,
  simulate,
} from '../../src/index.ts'
import { allreduceTime } from '../../src/scaling/model.ts'
import { byFormula, sizesFor } from '../../src/scaling/predict.ts'
import { type Series, standaloneSvg } from '../../src/web/svg.ts'
import { checkout } from '../../test/data.ts'

const target = join(checkout, 'scripts', 'scaling')
const ALGORITHMS: AlgorithmName[] = ['ring', 'direct', 'hierarchical', 'star']
const LINK = links['25GbE']
const RANKS_PER_HOST = 8
/** Two 64-64 networks, float64. */
const GRADIENT = 76_000
/** Above it the formula has to do: a minute of messages. */
const MOST_MESSAGES = 200_000

const sizes = [400, 4_000, 40_000, 400_000, 4_000_000]
const args = parseScaling(['train'])
// Before and after the sums: a machine is not the same a minute later.
const before = await measureCosts(args)
const two = measuredOnTwo()
const costs = middleOf([before, await measureCosts(args)])
const clusterOf = (ranks: number): Cluster => ({
  ...{ ranks, ranksPerHost: Math.min(ranks, RANKS_PER_HOST), link: LINK, costs },
})

const ranks = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
const overRanks = await curves(ranks, np => [clusterOf(np), GRADIENT])
const overSizes = await curves(sizes, bytes => [clusterOf(16), bytes])
const onTwo = await curves(sizes, bytes => [clusterOf(2), bytes])
write('two', 'Two ranks of this machine: lines simulated, points measured', 'bytes', [
  ...onTwo,
  ...ALGORITHMS.map((algorithm, color) => points(algorithm, color)),
])
write('ranks', `A gradient of ${GRADIENT / 1000} KB: 8 ranks a host, 25GbE, simulated`, 'ranks', overRanks)
write('sizes', '16 ranks on two hosts, 25GbE, simulated', 'bytes', overSizes)
console.log(
  'Sums of two ranks, ms:\n\n| bytes | sums | measured | simulated | error | formula |\n| --- | --- | --- | --- | --- | --- |',
)
for (const { bytes, algorithm, p50us } of two) {
  const simulated = onTwo[ALGORITHMS.indexOf(algorithm)].y[sizes.indexOf(bytes)]!
  const error = `${(100 * (simulated / (p50us / 1000) - 1)).toFixed(0)} %`
  const times = [p50us / 1000, simulated].map(ms => ms.toPrecision(3))
  const formula = allreduceTime(clusterOf(2), algorithm, bytes).toPrecision(3)
  console.log(`| ${[bytes, algorithm, ...times, error, formula].join(' | ')} |`)
}
console.log('\nRows of a minibatch from which 16 ranks on two hosts are faster than 8 on one:\n')
console.log(
  `| network | ${Object.keys(links).join(' | ')} |\n| --- |${' --- |'.repeat(Object.keys(links).length)}`,
)
for (const hidden of ['64,64', '256,256']) {
  const words = [
    '--hidden',
    hidden,
    '--num-envs',
    '64',
    '--batch-size',
    '512',
    '--shards',
    '16',
    '--total-steps',
    '40960',
  ]
  const job = await measureJob(parseScaling(['train', '--', ...words]), [8, 16], 'share', RANKS_PER_HOST)
  console.log(
    `| ${[hidden, ...Object.values(links).map(link => leastBatch(job, link, costs))].join(' | ')} |`,
  )
}

/** A curve for each algorithm, in milliseconds. */
async function curves(xs: number[], at: (x: number) => [Cluster, number]): Promise<Series[]> {
  const series: Series[] = []
  for (const [color, algorithm] of ALGORITHMS.entries()) {
    const y: number[] = []
    for (const x of xs) y.push(await sumTime(...at(x), algorithm))
    series.push({ name: algorithm, color, x: xs, y })
  }
  return series
}

async function sumTime(cluster: Cluster, bytes: number, algorithm: AlgorithmName): Promise<number> {
  const talking = algorithm === 'hierarchical' ? cluster.ranks / cluster.ranksPerHost : cluster.ranks
  const messages = algorithm === 'star' ? 2 * talking : 2 * talking * talking
  if (messages > MOST_MESSAGES || cluster.ranks * bytes > 1e9) return allreduceTime(cluster, algorithm, bytes)
  return simulate(cluster, { allreduce: algorithm }, async ({ comm }) => {
    await comm.allreduce(comm.buffer(bytes / 8, 'float64'))
  })
}

function measuredOnTwo(): { bytes: number; algorithm: AlgorithmName; p50us: number }[] {
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const words = ['bench', 'allreduce', '-np', '2', '--sizes', sizes.join(), '--json']
  const { status, stdout } = spawnSync(process.execPath, [bin, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
  const rows = JSON.parse(stdout) as {
    bytes: number
    algorithm: AlgorithmName
    p50us: number
    transport: string
    inPlace?: true
  }[]
  return rows.filter(({ transport, inPlace }) => transport === 'zmq' || inPlace)
}

function points(algorithm: AlgorithmName, color: number): Series {
  const own = two.filter(row => row.algorithm === algorithm)
  const y = own.map(({ p50us }) => p50us / 1000)
  return { name: `${algorithm}, measured`, color, x: own.map(({ bytes }) => bytes), y, mark: 'points' }
}

function write(name: string, title: string, x: string, series: Series[]): void {
  const log = (label: string) => ({ label, scale: 'log' as const })
  const plot = { title, x: log(x), y: log('ms'), series, width: 720, height: 360 }
  writeFileSync(join(target, `${name}.svg`), standaloneSvg(plot))
}

/** By formula; doubling the job's own batch and environments. */
function leastBatch(job: Job, link: Cluster['link'], costs: Costs): string {
  for (let factor = 1 / 4; job.batchSize * factor <= 2 ** 20; factor *= 2) {
    const sizes = sizesFor({ ...job, numEnvs: job.numEnvs * factor, batchSize: job.batchSize * factor }, 16)
    const time = (ranks: number) =>
      byFormula(sizes, { ranks, ranksPerHost: 8, link, costs }, 'hierarchical').updateMs
    if (time(16) < time(8)) return String(sizes.batchSize)
  }
  return 'none'
}
