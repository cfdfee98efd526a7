// What watching costs the training: node dist/scripts/benchmark/watching.js [PAIRS]
// Within one run `pporun watch` with a reader of its page comes and goes, in pairs of windows, one with it and one without.
// Clocks of a shared machine differ by more than is asked for, so what counts is processor time: that of the watcher, which is
// the most that ranks on every core can lose to it, and that of the ranks for a step. Speeds are printed beside it.
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
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

/** Of a window. */
interface Seen {
  stepsPerSecond: number
  /** Processor time of both ranks, ns. */
  perStep: number
  /** Of one core. */
  watcher: number
}

const [pairs = '4'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pporun-watching-'))
const run = join(folder, 'run')
const seen: [watched: Seen, alone: Seen][] = []
const training = pporun(['-np', '2', '--out', run, 'train', '--total-steps', '1000000000'])
try {
  await training.prints('SPS')
  const ranks = [await training.rank(0), await training.rank(1)]
  await pause(SETTLE)
  for (let pair = 0; pair < Number(pairs); pair++) {
    // The order changes, so that a machine that grows slower or faster favours neither.
    const first = await look(ranks, pair % 2 === 0)
    const second = await look(ranks, pair % 2 === 1)
    seen.push(pair % 2 === 0 ? [first, second] : [second, first])
  }
} finally {
  training.process.kill('SIGKILL')
  await training.allGone(10)
  rmSync(folder, { recursive: true, force: true })
}
tell(
  'processor time of the watcher, of one core',
  seen.map(([{ watcher }]) => 1 + watcher),
)
tell(
  'processor time of the ranks for a step',
  seen.map(([on, off]) => on.perStep / off.perStep),
)
tell(
  'steps per second',
  seen.map(([on, off]) => on.stepsPerSecond / off.stepsPerSecond),
)

function tell(what: string, ratios: number[]): void {
  const { median, low, high, isSure } = spreadOf(ratios)
  const interval = `${isSure ? '95 % interval' : 'all of them'} ${percent(low)} to ${percent(high)}`
  console.log(`${what}: ${ratios.length} pairs of windows, median ${percent(median)}, ${interval}`)
}

/** A window while somebody watches, or nobody does. */
async function look(ranks: readonly number[], watched: boolean): Promise<Seen> {
  const watcher = watched ? await watch() : null
  await pause(SETTLE)
  const before = {
    at: performance.now(),
    steps: stepsNow(),
    ranks: work(ranks),
    watcher: work(watcher?.pids),
  }
  await pause(WINDOW)
  const [steps, milliseconds] = [stepsNow() - before.steps, performance.now() - before.at]
  const perStep = (work(ranks) - before.ranks) / steps
  const share = (work(watcher?.pids) - before.watcher) / (1e6 * milliseconds)
  await watcher?.close()
  return { stepsPerSecond: (1000 * steps) / milliseconds, perStep, watcher: share }
}

/** Processor time of all threads of some processes so far, ns. */
function work(pids: readonly number[] = []): number {
  const ofThread = (path: string) => Number(readFileSync(path, 'utf8').split(' ')[0])
  return pids
    .flatMap(pid => readdirSync(`/proc/${pid}/task`).map(thread => `/proc/${pid}/task/${thread}/schedstat`))
    .reduce((sum, path) => sum + ofThread(path), 0)
}

/** Opens the page and takes what it sends. Returns how to stop. */
async function watch(): Promise<{ pids: number[]; close: () => Promise<void> }> {
  const server = pporun(['watch', run, '--port', '0'])
  await server.prints('http://')
  const [url] = /http:\S+/.exec(server.stdout)!
  const reader = get(new URL('/live', url), response => response.resume())
  reader.on('error', () => {})
  return {
    pids: server.processes(),
    close: async () => {
      reader.destroy()
      server.process.kill('SIGTERM')
      await server.ended
    },
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

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
