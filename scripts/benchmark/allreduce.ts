// What a float32 sum over all ranks takes, by every way that there is, side by side:
//   pporun bench allreduce -np 2        starts this on two ranks and prints a table
import { type Communicator, connect } from 'pporun'

/** Seconds for a size and way, over all rounds. */
const SECONDS = 0.6
/** Ways take turns, so that a busy moment of the machine is not one way's alone. */
const ROUNDS = 5
const MOST_CALLS = 2000 // per round

interface Way {
  transport: string
  algorithm: string
  comm: Communicator
  /** Arrays lie in shared memory, and are not copied. */
  inPlace?: true
}

const [transport, sizes] = process.argv.slice(2)
const ways = await openWays()
const [{ comm }] = ways
const rows = []
for (const bytes of sizes.split(',').map(Number)) rows.push(...(await measureSize(bytes)))
if (comm.rank === 0) console.log(JSON.stringify(rows))
for (const way of ways) await way.comm.close()

async function openWays(): Promise<Way[]> {
  const ways: Way[] = []
  if (transport !== 'zmq') {
    const comm = await connect({ transport: 'auto', allreduce: 'auto' })
    const shm = { transport: 'shm', algorithm: comm.algorithm(0), comm }
    if (comm.transport === 'shm') ways.push(shm, { ...shm, inPlace: true })
  }
  if (transport !== 'shm')
    for (const algorithm of ['ring', 'direct', 'star'] as const)
      ways.push({
        transport: 'zmq',
        algorithm,
        comm: await connect({ transport: 'zmq', allreduce: algorithm }),
      })
  return ways
}

async function measureSize(bytes: number): Promise<object[]> {
  const length = bytes / 4
  const arrays = ways.map(way =>
    way.inPlace ? way.comm.buffer(length, 'float32') : new Float32Array(length),
  )
  const samples: number[][] = ways.map(() => [])
  const calls: number[] = []
  for (const [k, way] of ways.entries()) calls[k] = await callsPerRound(way, arrays[k])
  if (comm.rank === 0) console.error(`allreduce of ${bytes} bytes, ${comm.size} ranks, ${ways.length} ways`)
  for (let round = 0; round < ROUNDS; round++)
    for (const [k, way] of ways.entries()) samples[k].push(...(await time(way.comm, arrays[k], calls[k])))
  const rows = []
  for (const [k, way] of ways.entries())
    rows.push(row(bytes, way, await way.comm.allgather(Float64Array.from(samples[k]))))
  return rows
}

/** Rank 0 decides, from a few calls, for all. */
async function callsPerRound(way: Way, array: Float32Array): Promise<number> {
  await time(way.comm, array, 10)
  const few = await time(way.comm, array, 10)
  const fit = ((SECONDS / ROUNDS) * 1e6) / quantile(few.sort(ascending), 0.5)
  const calls = Float64Array.of(Math.min(MOST_CALLS, Math.max(2, Math.round(fit))))
  await way.comm.broadcast(calls)
  return calls[0]
}

/** What each call takes, in us. */
async function time(comm: Communicator, array: Float32Array, calls: number): Promise<number[]> {
  const samples = new Array<number>(calls)
  await comm.barrier()
  for (let call = 0; call < calls; call++) {
    const start = performance.now()
    await comm.allreduce(array)
    samples[call] = (performance.now() - start) * 1000
  }
  return samples
}

/** Over the calls of all ranks. Bandwidths as in nccl-tests: algbw = S/t, busbw = algbw 2(N-1)/N. */
function row(bytes: number, { comm, transport, algorithm, inPlace }: Way, ofRanks: Float64Array[]): object {
  const samples = ofRanks.flatMap(own => [...own]).sort(ascending)
  const [p50us, p99us] = [quantile(samples, 0.5), quantile(samples, 0.99)]
  const algbwGBps = bytes / p50us / 1000
  const busbwGBps = (algbwGBps * 2 * (comm.size - 1)) / comm.size
  return { bytes, transport, algorithm, np: comm.size, p50us, p99us, algbwGBps, busbwGBps, inPlace }
}

function ascending(a: number, b: number): number {
  return a - b
}

function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}
