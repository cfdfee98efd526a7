// A small benchmark for CI: what a few things take, by what a plain loop takes in the same run, beside what the last release
// recorded; it only says what is slower:   node dist/scripts/benchmark/continuous.js [record]        about ten seconds.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureEngines, measureEnvironments } from '../../src/index.ts'
import { checkout } from '../../test/data.ts'

const FILE = join(checkout, 'scripts', 'benchmark', 'continuous.json')
/** What a shared machine does to a ratio. */
const CLEARLY = 1.3
const ROUNDS = 3

type Ratios = Record<string, number>

const rounds: Ratios[] = []
for (let round = 0; round < ROUNDS; round++) rounds.push(await measured())
const now = Object.fromEntries(
  Object.keys(rounds[0]).map(name => [
    name,
    rounds.map(ratios => ratios[name]).sort((a, b) => a - b)[ROUNDS >> 1],
  ]),
)
if (process.argv[2] === 'record') {
  writeFileSync(FILE, `${JSON.stringify(now, null, 2)}\n`)
} else {
  const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as Ratios
  console.log('| by the plain loop | recorded | now | |\n| --- | --- | --- | --- |')
  for (const [name, ratio] of Object.entries(now)) {
    const times = ratio / (recorded[name] ?? ratio)
    const verdict =
      times > CLEARLY ? `${times.toFixed(2)} times as slow` : times < 1 / CLEARLY ? 'faster' : ''
    console.log(
      `| ${[name, recorded[name]?.toPrecision(3) ?? '', ratio.toPrecision(3), verdict].join(' | ')} |`,
    )
  }
}

/** Each measured right beside the loop, so that both see the same machine. */
async function measured(): Promise<Ratios> {
  const ratios: Ratios = {}
  const by = async (name: string, microseconds: () => number | Promise<number>) => {
    const before = plainLoop()
    const took = await microseconds()
    ratios[name] = took / ((before + plainLoop()) / 2)
  }
  for (const engine of ['native', 'wasm'])
    await by(
      `learning step of 128 rows, ${engine}`,
      async () => (await measureEngines([engine], ['mlp64'], [128]))[0].step,
    )
  await by('CartPole, 1024 steps', async () => {
    const [{ nsPerStep }] = await measureEnvironments(['CartPole-v1'], [1024])
    return 1.024 * nsPerStep
  })
  for (const [transport, name] of [
    ['shm', 'sum of 40 KB over two ranks, shared memory'],
    ['zmq', 'sum of 40 KB over two ranks, ZeroMQ'],
  ])
    await by(name, () => sumOfTwo(transport))
  return ratios
}

function sumOfTwo(transport: string): number {
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const words = ['bench', 'allreduce', '-np', '2', '--transport', transport, '--sizes', '40000', '--json']
  const { stdout } = spawnSync(process.execPath, [bin, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const rows = JSON.parse(stdout) as { p50us: number }[]
  return Math.min(...rows.map(({ p50us }) => p50us))
}

/** Microseconds for a quarter of a million multiplications and additions that wait for each other: median of 21. */
function plainLoop(): number {
  const times = Array.from({ length: 21 }, () => {
    const start = performance.now()
    let x = 0.5
    for (let i = 0; i < 250_000; i++) x = x * 0.999 + 0.001
    if (x < 0) throw new Error('not optimised away')
    return (performance.now() - start) * 1000
  })
  return times.sort((a, b) => a - b)[10]
}
