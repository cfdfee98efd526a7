/** Nothing piles up and nothing blocks: 100 000 calls of a gradient's size. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, script, temporaryFolder } from '../rig.ts'

const calls = Number(process.env.SOAK_CALLS ?? 100_000)

const steady = `
import { connect } from 'pporun'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const comm = await connect()
const array = new Float64Array(9000)
const turn = () => new Promise(resolve => setImmediate(resolve))
const used = async () => {
  // What ZeroMQ has lent comes back when its owner is collected, a turn later.
  for (let i = 0; i < 3; i++) { gc(); await turn() }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapUsed, external, rss }
}
const loop = async count => { for (let k = 0; k < count; k++) await comm.allreduce(array) }
await loop(5000)
const before = await used()
// Blocked: the processor was ours and the loop had no turn. A core that others have taken is not our doing.
let blocked = 0, at = performance.now(), cpu = process.cpuUsage()
const watch = setInterval(() => {
  const { user, system } = process.cpuUsage(cpu)
  blocked = Math.max(blocked, Math.min(performance.now() - at, (user + system) / 1000) - 5)
  at = performance.now()
  cpu = process.cpuUsage()
}, 5)
await loop(Number(process.argv[2]))
clearInterval(watch)
const after = await used()
if (comm.rank === 0)
  console.log(JSON.stringify({
    heap: after.heapUsed - before.heapUsed, external: after.external - before.external, rss: after.rss - before.rss,
    blocked,
  }))
await comm.close()
`

interface Steady {
  /** Bytes that did not come back. */
  heap: number
  external: number
  rss: number
  /** Milliseconds without a turn of the event loop, at most. */
  blocked: number
}

for (const transport of ['shm', 'zmq'])
  test(`${calls} calls over ${transport}: no heap growth, the event loop has its turns`, async t => {
    const path = script(temporaryFolder(t), steady)
    const { status, stdout, stderr } = await run(['-np', '2', '--transport', transport, path, String(calls)])
    assert.equal(status, 0, stderr)
    const result = JSON.parse(stdout) as Steady
    t.diagnostic(`${transport}: ${stdout.trim()}`)
    assert.ok(result.heap < 2 ** 20, `the heap grew by ${result.heap} bytes`)
    assert.ok(result.external < 2 ** 21, `memory outside it grew by ${result.external} bytes`)
    assert.ok(result.blocked < 50, `the event loop was blocked for ${result.blocked} ms`)
  })
