/** The real communicator over a network and a clock that are not there: time is exact, and deadlines are too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inprocTransports, type Network } from '../../src/collective/inproc.ts'
import type { AlgorithmName } from '../../src/collective/table.ts'
import { PeerTimeoutError } from '../../src/collective/transport.ts'
import { VirtualClock } from '../../src/collective/virtualclock.ts'
import { refusals, together, withRanks } from './ranks.ts'

const ALPHA = 0.25 // ms
const BETA = 2 ** -10 // ms per byte

/** Milliseconds that a message of so many bytes takes from one rank to another. */
type Delay = (bytes: number, from: number, to: number) => number
const link: Delay = bytes => ALPHA + BETA * bytes

/** A link per pair of ranks and direction, which carries one message after the other. */
function linked(clock: VirtualClock, size: number, delay: Delay): Network {
  const arrivals = new Float64Array(size * size)
  const carry = (bytes: number, from: number, to: number) => {
    const [now, pair] = [clock.now(), from * size + to]
    arrivals[pair] = Math.max(now, arrivals[pair]) + delay(bytes, from, to)
    return clock.sleep(arrivals[pair] - now)
  }
  return { clock, carry }
}

/** Communicators of `size` ranks under a clock of their own; `work` takes this long. */
async function simulate(
  size: number,
  body: Parameters<typeof withRanks>[2],
  options: Parameters<typeof withRanks>[3] = {},
  delay = link,
): Promise<number> {
  const clock = new VirtualClock()
  const transports = inprocTransports(size, linked(clock, size, delay))
  const close = () => transports.forEach(transport => void transport.close())
  await clock.run(withRanks(async () => ({ transports, close }), size, body, options))
  return clock.now()
}

/** README.md: messages in a row, and bytes through the busiest link in units of the array; nothing for adding. */
const costs: Record<string, (N: number) => [messages: number, arrays: number]> = {
  ring: N => [2 * (N - 1), (2 * (N - 1)) / N],
  direct: N => (N === 2 ? [1, 1] : [2, 2 / N]),
  star: () => [2, 2],
}

for (const [name, cost] of Object.entries(costs))
  for (const size of [2, 4, 8])
    test(`${name} on ${size} ranks takes the time that its formula says`, async () => {
      const array = () => new Float64Array(1024).fill(1)
      const bytes = array().byteLength
      const sums: Float64Array[] = []
      const took = await simulate(
        size,
        async comms => {
          await together(comms, async comm => {
            sums[comm.rank] = array()
            await comm.allreduce(sums[comm.rank])
          })
        },
        { allreduce: name as AlgorithmName },
      )
      const [messages, arrays] = cost(size)
      assert.equal(took, messages * ALPHA + arrays * bytes * BETA)
      assert.ok(sums.every(sum => sum.every(x => x === size)))
    })

test('a deadline of an hour ends after an hour, and names who was waited for', async () => {
  const start = performance.now()
  const took = await simulate(
    3,
    async ([zero, , two]) => {
      for (const error of await refusals([zero.barrier(), two.barrier()]))
        assert.ok(error instanceof PeerTimeoutError)
    },
    { opTimeout: 3600 },
  )
  assert.ok(took >= 3_600_000 && took < 3_601_000, `${took}`)
  assert.ok(performance.now() - start < 30_000)
})

test('a link that is slow one way slows the ring down once per message over it', async () => {
  const slow: Delay = (_, from, to) => (from === 0 && to === 1 ? 100 : 0)
  const barrier = await simulate(4, comms => together(comms, comm => comm.barrier()).then(() => {}), {}, slow)
  assert.equal(barrier, 300)
})

test('what can never happen is said, not waited for', async () => {
  await assert.rejects(new VirtualClock().run(new Promise(() => {})), /nothing can happen any more at 0 ms/)
})

test('who wakes at the same time does so in the order of going to sleep, whatever else sleeps', async () => {
  const clock = new VirtualClock()
  const woken: string[] = []
  const sleep = (ms: number, name: string) => clock.sleep(ms).then(() => woken.push(`${clock.now()} ${name}`))
  const times = Array.from({ length: 200 }, (_, i) => (i * 7919) % 13)
  await clock.run(Promise.all(times.map((ms, i) => sleep(ms, String(i)))))
  const expected = times
    .map((ms, i) => ({ ms, i }))
    .sort((a, b) => a.ms - b.ms || a.i - b.i)
    .map(({ ms, i }) => `${ms} ${i}`)
  assert.deepEqual(woken, expected)
})
