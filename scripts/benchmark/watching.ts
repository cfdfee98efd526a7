// What watching costs the training: node dist/scripts/benchmark/watching.js [PAIRS] [FILE]
// Within one run `pporun watch` with a reader of its page comes and goes. Each pair of windows, one with it and one
// without, gives a ratio of speeds; FILE collects them over several calls. Prints their median and a 95 % interval.
import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pporun } from '../../test/rig.ts'
import { percent, spreadOf } from './ratios.ts'

const WINDOW = 10_000 // ms
/** Until what has come or gone is in its stride: a run looks every 4 s whether somebody watches. */
const SETTLE = 5000

const [pairs = '4', file] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pporun-watching-'))
const run = join(folder, 'run')
const ratios = readRatios()
const training = pporun(['-np', '2', '--out', run, 'train', '--total-steps', '1000000000'])
try {
  await training.prints('SPS')
  await pause(SETTLE)
  for (let pair = 0; pair < Number(pairs); pair++) {
    // The order changes, so that a machine that grows slower or faster favours neither.
    const first = await speed(pair % 2 === 0)
    const second = await speed(pair % 2 === 1)
    const ratio = pair % 2 === 0 ? first / second : second / first
    ratios.push(ratio)
    if (file) appendFileSync(file, `${ratio}\n`)
  }
} finally {
  training.process.kill('SIGKILL')
  await training.allGone(10)
  rmSync(folder, { recursive: true, force: true })
}
const { median, low, high, isSure } = spreadOf(ratios)
const interval = `${isSure ? '95 % interval' : 'all of them'} ${percent(low)} to ${percent(high)}`
console.log(`${ratios.length} pairs of windows: median ${percent(median)}, ${interval}`)

/** Steps per second while somebody watches, or nobody does. */
async function speed(watched: boolean): Promise<number> {
  const close = watched ? await watch() : null
  await pause(SETTLE)
  const [steps, start] = [stepsNow(), performance.now()]
  await pause(WINDOW)
  const stepsPerSecond = (stepsNow() - steps) / ((performance.now() - start) / 1000)
  await close?.()
  return stepsPerSecond
}

/** Opens the page and takes what it sends. Returns how to stop. */
async function watch(): Promise<() => Promise<void>> {
  const server = pporun(['watch', run, '--port', '0'])
  await server.prints('http://')
  const [url] = /http:\S+/.exec(server.stdout)!
  const reader = get(new URL('/live', url), response => response.resume())
  reader.on('error', () => {})
  return async () => {
    reader.destroy()
    server.process.kill('SIGTERM')
    await server.ended
  }
}

/** Of the last update that has been written. */
function stepsNow(): number {
  const metrics = openSync(join(run, 'metrics.jsonl'), 'r')
  const tail = Buffer.alloc(8192)
  const length = readSync(metrics, tail, 0, tail.length, Math.max(0, fstatSync(metrics).size - tail.length))
  closeSync(metrics)
  const lines = tail.toString('utf8', 0, length).split('\n')
  return (JSON.parse(lines.at(-2)!) as { steps: number }).steps
}

function readRatios(): number[] {
  try {
    return file ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []
  } catch {
    return []
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
