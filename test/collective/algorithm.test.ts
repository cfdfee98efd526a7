import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { slice } from '../../src/collective/algorithm.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { inprocTransports } from '../../src/collective/inproc.ts'
import type { ReduceOp } from '../../src/collective/reduce.ts'
import { algorithms, type MessageAlgorithm } from '../../src/collective/table.ts'
import { reduceOps } from './calls.ts'
import { type Open, range, sameBits, together, withRanks } from './ranks.ts'

const open: Open = async size => {
  const transports = inprocTransports(size)
  return { transports, close: () => transports.forEach(transport => void transport.close()) }
}

test('slices lie end to end, cover the array and differ in length by one at most', () =>
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: 1, max: 20 }), (length, size) => {
      const array = Float64Array.from(range(length))
      const slices = range(size).map(k => slice(array, k, size))
      assert.deepEqual(
        slices.flatMap(part => [...part]),
        [...array],
      )
      const lengths = slices.map(part => part.length)
      assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1)
      for (const k of range(size)) {
        assert.equal(slice(array, k - size, size).byteOffset, slices[k].byteOffset)
        assert.equal(slice(array, k + size, size).byteOffset, slices[k].byteOffset)
      }
    }),
  ))

const names = Object.keys(algorithms) as MessageAlgorithm[]
const inputs = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.nat(40)).chain(([size, length]) =>
  fc.array(fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true }), {
    minLength: size,
    maxLength: size,
  }),
)

test('any floats: equal bits on all ranks; where one place adds, the slices are those of the whole', () =>
  fc.assert(fc.asyncProperty(inputs, fc.constantFrom(...reduceOps), fc.constantFrom(...names), compare), {
    numRuns: 150,
  }))

async function compare(inputs: Float32Array[], op: ReduceOp, allreduce: MessageAlgorithm): Promise<void> {
  const wholes = inputs.map(input => input.slice())
  const body = async (comms: Communicator[]) => {
    const parts = await together(comms, comm => comm.reduceScatter(inputs[comm.rank], op))
    await together(comms, comm => comm.allreduce(wholes[comm.rank], op))
    for (const whole of wholes) sameBits(whole, wholes[0], 'between ranks')
    const joined = Float32Array.from(parts.flatMap(part => [...part]))
    // The ring begins a slice at another rank when it scatters: sums may round elsewhere.
    if (allreduce === 'ring' && (op === 'sum' || op === 'mean')) assert.equal(joined.length, wholes[0].length)
    else sameBits(joined, wholes[0], 'slices')
  }
  await withRanks(open, inputs.length, body, { allreduce })
}
