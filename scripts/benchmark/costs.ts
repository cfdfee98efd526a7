// What communication costs, for formulae and simulations (src/scaling): alpha and beta of messages between two ranks,
// meetings and copies in their memory, gamma of sums. In milliseconds and bytes:
//   pporun scaling --predict        starts this on two ranks
import { type Communicator, type Costs, connect } from 'pporun'

type MessageCost = Costs['messages'][number]

const SIZES = [8, 4_096, 40_000, 160_000, 640_000, 2_560_000, 5_120_000]
/** Milliseconds for a size, in all its rounds. */
const BUDGET = 400
const ROUNDS = 3
const SUMMED = 640_000 // bytes
const WAKES = 100
const LATE = 4 // milliseconds

const messages = await connect({ transport: 'zmq' })
const memory = await connect()
const samples = SIZES.map(() => ({ times: [] as number[], work: [] as number[] }))
for (let round = 0; round < ROUNDS; round++)
  for (const [k, bytes] of SIZES.entries()) {
    const { times, work } = await pingPong(messages, bytes)
    samples[k].times.push(...times)
    samples[k].work.push(work)
  }
const shared = memory.transport === 'shm'
const meeting = shared ? median(await timed(2000, () => memory.barrier())) / 2 : 0
const wake = shared ? await wakeCost() : 0
const costs: Costs = {
  messages: rising(
    SIZES.map((bytes, k) => ({ bytes, time: median(samples[k].times), work: median(samples[k].work) })),
  ),
  memory: shared ? { meeting, wake, copy: await copyCost() } : null,
  reduce: shared ? await sumCost() : loopCost(),
}
if (messages.rank === 0) console.log(JSON.stringify(costs))
await messages.close()
await memory.close()

/** A larger message takes no less: what was disturbed at one size must not make others free. */
function rising(messages: MessageCost[]): MessageCost[] {
  for (let k = 1; k < messages.length; k++) {
    messages[k].time = Math.max(messages[k].time, messages[k - 1].time)
    messages[k].work = Math.max(messages[k].work, messages[k - 1].work)
  }
  return messages
}

/**
 * One way, in milliseconds; and the processor time of a message, its sender's and its receiver's, while both have one under way:
 * as it is in sums.
 */
async function pingPong(comm: Communicator, bytes: number): Promise<{ times: number[]; work: number }> {
  const array = new Uint8Array(bytes)
  const peer = 1 - comm.rank
  const there = async () => {
    if (comm.rank === 0) await comm.send(array, peer)
    await comm.recv(array, peer)
    if (comm.rank === 1) await comm.send(array, peer)
  }
  const both = async () => {
    await comm.send(array, peer)
    await comm.recv(array, peer)
  }
  const [first] = (await timed(3, there)).sort((a, b) => a - b)
  const calls = Float64Array.of(Math.min(500, Math.max(5, Math.round(BUDGET / ROUNDS / 2 / first))))
  await comm.broadcast(calls)
  const times = await timed(calls[0], there)
  const before = process.cpuUsage()
  await timed(calls[0], both)
  const { user, system } = process.cpuUsage(before)
  const own = (user + system) / 1000 / calls[0]
  const all = await comm.allgather(Float64Array.of(own))
  return { times: times.map(time => time / 2), work: (all[0][0] + all[1][0]) / 2 }
}

async function timed(calls: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < calls; i++) {
    const start = performance.now()
    await call()
    times.push(performance.now() - start)
  }
  return times
}

/** Mean, of a rank for which another has come too late to be still looked for. */
async function wakeCost(): Promise<number> {
  const waits: number[] = []
  for (let i = 0; i < WAKES; i++) {
    await memory.barrier()
    if (memory.rank === 1) workFor(LATE)
    const [wait] = await timed(1, () => memory.barrier())
    if (memory.rank === 1) waits.push(wait)
  }
  const mean = Float64Array.of(memory.rank === 1 ? waits.reduce((sum, wait) => sum + wait) / WAKES : 0)
  await memory.broadcast(mean, 1)
  return Math.max(0, mean[0] - 2 * meeting)
}

function workFor(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

/** Of a byte into memory and out again, each: what an array costs that does not lie there. */
async function copyCost(): Promise<number> {
  const [apart, inPlace] = [new Float64Array(SUMMED / 8), memory.buffer(SUMMED / 8, 'float64')]
  const take = async (array: Float64Array) => median(await timed(100, () => memory.allreduce(array)))
  const copied = 2 * SUMMED * (1 - 1 / memory.size)
  return Math.max(0, (await take(apart)) - (await take(inPlace))) / copied
}

/** Of a byte of an array that lies in memory. */
async function sumCost(): Promise<number> {
  const array = memory.buffer(SUMMED / 8, 'float64')
  const time = median(await timed(200, () => memory.allreduce(array)))
  return Math.max(0, time - 2 * meeting) / (SUMMED * (1 - 1 / memory.size))
}

/** The same without shared memory, roughly. */
function loopCost(): number {
  const [a, b] = [new Float64Array(SUMMED / 8), new Float64Array(SUMMED / 8)]
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now()
    for (let i = 0; i < a.length; i++) a[i] += b[i]
    return performance.now() - start
  })
  return median(times) / SUMMED
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]
}
