import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pporun, readJson, run, temporaryFolder, until } from '../rig.ts'

/** A complete event of the Trace Event Format, or metadata. */
interface TraceEvent {
  name: string
  ph: 'X' | 'M'
  pid: number
  tid: number
  cat?: string
  /** Microseconds. */
  ts: number
  dur: number
  args: { op?: string; sequence?: number; name?: string }
}

for (const transport of ['zmq', 'shm'])
  test(`--timeline: every rank's phases, calls and waits, as Perfetto reads them, ${transport}`, async t => {
    const out = join(temporaryFolder(t), 'run')
    const args = [
      '-np',
      '2',
      '--timeline',
      '--transport',
      transport,
      '--out',
      out,
      'train',
      '--total-steps',
      '2048',
    ]
    const { status, stderr } = await run(args)
    assert.equal(status, 0, stderr)
    const events = readJson<TraceEvent[]>(out, 'timeline.json')
    for (const event of events) checkEvent(event)
    for (const pid of [0, 1]) {
      const names = (cat: string) =>
        new Set(events.filter(e => e.pid === pid && e.cat === cat).map(e => e.name))
      assert.match(
        events.find(e => e.pid === pid && e.name === 'process_name')!.args.name!,
        RegExp(`^rank ${pid} \\(`),
      )
      for (const phase of ['sample', 'learn']) assert.ok(names('phase').has(phase), phase)
      for (const call of ['allreduce', 'allgather', 'barrier']) assert.ok(names('call').has(call), call)
      assert.ok(names('wait').size > 0)
    }
    checkSameTime(events)
  })

test('a timeline outlives a rank that is killed, up to a moment before', async t => {
  const out = join(temporaryFolder(t), 'run')
  const job = pporun(['-np', '2', '--timeline', '--out', out, 'train', '--total-steps', '1000000'])
  const pid = await job.rank(1)
  await job.prints('SPS')
  // What ranks record is passed on four times a second.
  const path = join(out, 'timeline.json')
  await until('calls of rank 1', () => /"cat":"call".*"pid":1/.test(readFileSync(path, 'utf8')) || undefined)
  process.kill(pid, 'SIGKILL')
  assert.equal((await job.ended).status, 137)
  const calls = readJson<TraceEvent[]>(path).filter(event => event.pid === 1 && event.cat === 'call')
  assert.ok(calls.length > 0)
})

/** The fields that the format asks for. */
function checkEvent(event: TraceEvent): void {
  assert.equal(typeof event.name, 'string')
  assert.ok(Number.isInteger(event.pid))
  assert.ok(event.ph === 'M' || event.ph === 'X')
  if (event.ph === 'M') return
  assert.ok(Number.isInteger(event.tid))
  assert.ok(Number.isFinite(event.ts) && event.dur >= 0, JSON.stringify(event))
}

/** No rank leaves an allreduce before the other has entered it: the ranks' clocks are one. */
function checkSameTime(events: TraceEvent[]): void {
  const calls = (pid: number) => events.filter(e => e.pid === pid && e.name === 'allreduce')
  const others = new Map(calls(1).map(event => [event.args.sequence, event]))
  assert.ok(others.size > 10)
  const SLACK = 5000 // microseconds: each process knows when it began by a clock of its own
  for (const event of calls(0)) {
    const other = others.get(event.args.sequence)!
    assert.ok(event.ts + event.dur + SLACK > other.ts && other.ts + other.dur + SLACK > event.ts)
  }
}
