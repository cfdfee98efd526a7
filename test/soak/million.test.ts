/** A million allreduces of random lengths by ranks that are late at random. SOAK_CALLS=20000 for a taste. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pporun, script, temporaryFolder } from '../rig.ts'

const calls = Number(process.env.SOAK_CALLS ?? 1_000_000)

const soak = `
import { connect } from 'pporun'
const comm = await connect()
const { rank, size } = comm
const calls = Number(process.argv[2])

// xorshift32: the same draws on every rank, but for its delays.
const stream = seed => () => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return seed >>> 0 }
const shared = stream(0x9e3779b9)
const own = stream(1 + rank)
const types = [Float32Array, Float64Array, Int32Array]
const value = (k, r, i) => (((k * 31 + r * 17 + i * 7) >>> 0) % 2001) - 1000
const digest = (hash, array) => {
  const words = new Int32Array(array.buffer, array.byteOffset, array.byteLength >> 2)
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 16777619)
  return hash
}

async function late() {
  const draw = own() % 1000
  if (draw < 5) await new Promise(resolve => setTimeout(resolve, draw / 2))
  else for (let turns = draw < 200 ? draw % 6 : 0; turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
}

let hash = 0
for (let k = 0; k < calls; k++) {
  const draw = shared() % 1000
  const length = draw < 900 ? shared() % 65 : draw < 999 ? shared() % 2000 : shared() % 60_000
  const array = new types[shared() % 3](length)
  // Every eighth sum rounds: then only equal bits on all ranks can be asked for.
  const rounds = k % 8 === 0 && !(array instanceof Int32Array)
  for (let i = 0; i < length; i++) array[i] = rounds ? value(k, rank, i) / 3 : value(k, rank, i)
  await late()
  await comm.allreduce(array)
  if (!rounds)
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (let r = 0; r < size; r++) sum += value(k, r, i)
      if (array[i] !== sum) throw new Error('call ' + k + '[' + i + ']: ' + array[i] + ', not ' + sum)
    }
  hash = digest(hash, array)
  array.fill(-1) // it is ours again: nobody may see this
  if (rank === 0 && (k + 1) % 50_000 === 0) console.error(k + 1, 'calls')
}
const hashes = await comm.allgather(Int32Array.of(hash))
if (hashes.some(([other]) => other !== hash)) throw new Error('other bits: ' + hashes)
if (rank === 0) console.log(calls, 'calls equal over', comm.transport)
await comm.close()
`

for (const transport of ['shm', 'zmq'])
  test(`${calls} allreduces of 3 ranks over ${transport}: equal to a reference sum, equal bits everywhere`, async t => {
    const path = script(temporaryFolder(t), soak)
    const job = pporun(['-np', '3', '--transport', transport, path, String(calls)])
    const { status, stdout, stderr } = await job.ended
    assert.equal(status, 0, stderr)
    assert.equal(stdout, `${calls} calls equal over ${transport}\n`)
    t.diagnostic(`${calls} calls over ${transport} in ${((await job.ended).seconds / 60).toFixed(1)} minutes`)
    await job.allGone(5)
  })
