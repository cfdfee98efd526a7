// What each rank has, and what a message between any two of them takes:
//   pporun doctor        starts this with one rank on each host and prints a table
import { autoEngine, connect } from 'pporun'

/** There and back, per pair. */
const PINGS = 300
const BURSTS = 6
/** Messages of a burst, 1 MB each. */
const MESSAGES = 4
const MEGABYTE = 1_000_000

interface Link {
  from: number
  to: number
  /** Microseconds for 4 bytes, one way: half of there and back. */
  p50us: number
  GBps: number
}

const comm = await connect({ transport: 'zmq' })
const own: Link[] = []
for (const peer of opponents(comm.rank, comm.size)) {
  await comm.barrier() // pairs that measure together begin together
  if (peer === null) continue
  if (comm.rank < peer)
    own.push({ from: comm.rank, to: peer, p50us: await latency(peer), GBps: await bandwidth(peer) })
  else await answer(peer)
}
const links = await gathered(own)
const ranks = await gathered([{ rank: comm.rank, engine: autoEngine() }])
if (comm.rank === 0) console.log(JSON.stringify({ ranks, links }))
await comm.close()

/** A round-robin tournament: whom a rank measures with in each round, so that no link of a host is used twice at a time. */
function opponents(rank: number, size: number): (number | null)[] {
  const players = size + (size % 2) // with an odd number somebody rests: the one who meets the last
  const fixed = players - 1
  return Array.from({ length: fixed }, (_, round) => {
    const turned = (2 * round - rank + 2 * fixed) % fixed
    const peer = rank === fixed ? round : turned === rank ? fixed : turned
    return peer < size ? peer : null
  })
}

/** Median, in microseconds. */
async function latency(peer: number): Promise<number> {
  const word = new Int32Array(1)
  const samples: number[] = []
  for (let ping = 0; ping < PINGS; ping++) {
    const start = performance.now()
    await comm.send(word, peer)
    await comm.recv(word, peer)
    samples.push(((performance.now() - start) * 1000) / 2)
  }
  return samples.sort((a, b) => a - b)[PINGS / 2]
}

/** Of the fastest burst, until its end has been acknowledged. */
async function bandwidth(peer: number): Promise<number> {
  const message = new Uint8Array(MEGABYTE)
  let fastest = 0
  for (let burst = 0; burst < BURSTS; burst++) {
    const start = performance.now()
    for (let sent = 0; sent < MESSAGES; sent++) await comm.send(message, peer)
    await comm.recv(new Int32Array(1), peer)
    fastest = Math.max(fastest, (MESSAGES * MEGABYTE) / (performance.now() - start) / 1e6)
  }
  return fastest
}

/** The other end of latency() and bandwidth(). */
async function answer(peer: number): Promise<void> {
  const word = new Int32Array(1)
  const message = new Uint8Array(MEGABYTE)
  for (let ping = 0; ping < PINGS; ping++) {
    await comm.recv(word, peer)
    await comm.send(word, peer)
  }
  for (let burst = 0; burst < BURSTS; burst++) {
    for (let received = 0; received < MESSAGES; received++) await comm.recv(message, peer)
    await comm.send(word, peer)
  }
}

/** Everybody's, on rank 0. */
async function gathered<T>(items: T[]): Promise<T[]> {
  const all = await comm.gather(new TextEncoder().encode(JSON.stringify(items)))
  return (all ?? []).flatMap(bytes => JSON.parse(new TextDecoder().decode(bytes)) as T[])
}
