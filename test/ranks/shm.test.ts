import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readJson, run, script, temporaryFolder } from '../rig.ts'

/** Ranks of one host reduce through shared memory: the same results as over sockets, and the same ends. */

const TRAIN = ['train', '--total-steps', '1024', '--update-epochs', '4']

const reducing = `
import { connect } from 'pporun'
const comm = await connect()
let state = 12345
const random = n => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n
const types = [Float32Array, Float64Array, Int32Array]
const value = (rank, i) => ((rank + 1) * 37 + i * 11) % 101
for (let round = 0; round < 200; round++) {
  const length = round % 40 === 0 ? 600_000 : random(3000)
  const array = new types[random(3)](length).map((_, i) => value(comm.rank, i))
  const op = ['sum', 'max', 'min'][random(3)]
  await comm.allreduce(array, op)
  const all = Array.from({ length: comm.size }, (_, rank) => rank)
  const combine = { sum: (a, b) => a + b, max: (a, b) => Math.max(a, b), min: (a, b) => Math.min(a, b) }[op]
  for (let i = 0; i < length; i += 1 + random(50)) {
    const expected = all.map(rank => value(rank, i)).reduce(combine)
    if (array[i] !== expected) throw new Error(\`round \${round} \${op}[\${i}]: \${array[i]}, not \${expected}\`)
  }
  array.fill(-1) // the array is ours again: nobody may see this
  if (round % 50 === 25) await comm.barrier()
}
if (comm.rank === 0) console.log('all right over', comm.transport)
await comm.close()
`

for (const np of [2, 3, 4, 7])
  test(`random reductions on ${np} ranks are right, also longer than a slot`, async t => {
    const { status, stdout, stderr } = await run(['-np', String(np), script(temporaryFolder(t), reducing)])
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'all right over shm\n')
  })

test('--transport zmq keeps to sockets', async t => {
  const path = script(temporaryFolder(t), reducing)
  const { status, stdout, stderr } = await run(['-np', '2', '--transport', 'zmq', path])
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'all right over zmq\n')
})

test('the same parameters over shared memory, Unix-domain sockets, and TCP with and without CURVE', async t => {
  const folder = temporaryFolder(t)
  const hashes = new Set<string>()
  // In a folder whose path is too long for a socket ranks use TCP.
  const long = join(folder, 'x'.repeat(100))
  mkdirSync(long)
  for (const [name, transport, env, ...options] of [
    ['shm', 'shm', {}],
    ['ipc', 'zmq', {}],
    ['curve', 'zmq', { TMPDIR: long }],
    ['none', 'zmq', { TMPDIR: long }, '--security', 'none'],
  ] as const) {
    const out = join(folder, name)
    const args = ['-np', '3', '--transport', transport, ...options, '--out', out]
    const { status, stderr } = await run([...args, ...TRAIN], { env })
    assert.equal(status, 0, stderr)
    const file = readJson<{ paramsHash: string; transport: string }>(out, 'run.json')
    assert.equal(file.transport, transport)
    hashes.add(file.paramsHash)
  }
  assert.equal(hashes.size, 1)
})

test('ranks that reduce different arrays get both calls named', async t => {
  const path = script(
    temporaryFolder(t),
    `import { connect } from 'pporun'\nconst comm = await connect()\nawait comm.allreduce(new Float64Array(comm.rank === 1 ? 7 : 8))\n`,
  )
  const { status, stderr } = await run(['-np', '3', path])
  assert.equal(status, 1)
  assert.match(stderr, /allreduce #1 \(sum, float64 of 7 elements/)
  assert.match(stderr, /allreduce #1 \(sum, float64 of 8 elements/)
})

test('gathering and broadcasting through memory are right, also longer than a slot', async t => {
  const source = `
import { connect } from 'pporun'
const comm = await connect()
const check = (right, what) => { if (!right) throw new Error(what) }
for (const length of [0, 1, 1000, 1_500_000]) {
  const mine = new Float32Array(length + comm.rank).fill(comm.rank + 0.5)
  const all = await comm.allgather(mine)
  mine.fill(-1)
  all.forEach((array, rank) => check(array.length === length + rank && array.every(x => x === rank + 0.5), 'allgather'))
  for (let root = 0; root < comm.size; root++) {
    const array = new Int32Array(length).fill(comm.rank + 7)
    await comm.broadcast(array, root)
    check(array.every(x => x === root + 7), 'broadcast')
    const gathered = await comm.gather(new Uint8Array(length % 97).fill(comm.rank), root)
    if (comm.rank === root) gathered.forEach((array, rank) => check(array.every(x => x === rank), 'gather'))
    else check(gathered === null, 'gather elsewhere')
  }
}
const half = await comm.split(comm.rank % 2)
const sum = Float64Array.of(1)
await half.allreduce(sum)
check(sum[0] === half.size, 'group')
if (comm.rank === 0) console.log('all right')
await comm.close()
`
  const { status, stdout, stderr } = await run(['-np', '3', script(temporaryFolder(t), source)])
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'all right\n')
})
