/** Ranks in processes of their own: what one does to its arrays after a collective reaches no other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, script, temporaryFolder } from '../rig.ts'

const poisoned = `
import { connect } from 'pporun'
const comm = await connect()
const [rounds, length] = process.argv.slice(2).map(Number)
const array = new Float64Array(length)

function expect(what: string, round: number, values: Float64Array, expected: number) {
  for (let i = 0; i < length; i++)
    if (values[i] !== expected) throw new Error(what + ' #' + round + '[' + i + ']: ' + values[i] + ', not ' + expected)
  values.fill(NaN)
}

for (let round = 0; round < rounds; round++) {
  array.fill(round + comm.rank)
  await comm.allreduce(array)
  expect('sum', round, array, 3 * round + 3)
  if (round % 10 > 0) continue
  array.fill(round + comm.rank)
  const gathered = await comm.allgather(array)
  array.fill(NaN)
  for (const [rank, values] of gathered.entries()) expect('allgather', round, values, round + rank)
  array.fill(round + comm.rank)
  await comm.broadcast(array, round % 3)
  expect('broadcast', round, array, round + (round % 3))
}
console.log('right', comm.rank)
await comm.close()
`

for (const [size, length, allreduce, rounds] of [
  ['40 KB', 5000, 'ring', '300'],
  ['40 KB', 5000, 'direct', '300'],
  ['40 KB', 5000, 'star', '300'],
  ['4 MB', 500_000, 'auto', '60'],
] as const)
  test(`arrays of ${size}, overwritten after every collective, ${rounds} rounds of 3 ranks, ${allreduce}`, async t => {
    const path = script(temporaryFolder(t), poisoned)
    const { status, stdout, stderr } = await run([
      '--tag-output',
      '-np',
      '3',
      '--allreduce',
      allreduce,
      path,
      rounds,
      String(length),
    ])
    assert.equal(status, 0, stderr)
    for (const rank of [0, 1, 2]) assert.match(stdout, new RegExp(`right ${rank}`))
  })

test('a script that ends without close() ends the job', async t => {
  const path = script(
    temporaryFolder(t),
    `import { connect } from 'pporun'\nconst comm = await connect()\nawait comm.allreduce(new Float32Array(1000))\n`,
  )
  for (const np of ['1', '2']) {
    const { status, stderr } = await run(['-np', np, '--timeout', '20', path])
    assert.equal(status, 0, stderr)
  }
})
