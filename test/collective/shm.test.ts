import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { segmentBytes } from '../../src/base/segment.ts'
import { newArray } from '../../src/collective/arrays.ts'
import type { Communicator } from '../../src/collective/communicator.ts'
import { inprocTransports } from '../../src/collective/inproc.ts'
import type { Patience } from '../../src/collective/meeting.ts'
import { SharedMemory } from '../../src/collective/shm.ts'
import { memoryConformance } from './conformance.ts'
import { type Open, range, sameBits, together, withRanks } from './ranks.ts'

/** Ranks that share a process can only wait for each other in the event loop. */
const patience: Patience = { looking: 0, yielding: 0, nap: 0 }

/** @param hostOf the host of a rank; hosts with one rank share nothing. */
function openOn(hostOf: (rank: number) => number): Open {
  return async size => {
    const transports = inprocTransports(size)
    const nodes = range(size).map(hostOf)
    const segments = new Map<number, ArrayBuffer>()
    const memoryOf = (rank: number): SharedMemory | undefined => {
      const here = range(size).filter(other => nodes[other] === nodes[rank])
      if (here.length === 1) return undefined
      const segment = segments.get(nodes[rank]) ?? new ArrayBuffer(segmentBytes(here.length))
      segments.set(nodes[rank], segment)
      return new SharedMemory(segment, here.indexOf(rank), here, patience)
    }
    const levels = new Set(nodes).size < size
    return {
      transports,
      options: rank => ({ nodes, levels, memory: memoryOf(rank) }),
      close: () => transports.forEach(transport => void transport.close()),
    }
  }
}

const oneHost = openOn(() => 0)
/** 0 0 0 1 1 1 2 2 2 ...: also one whose host has no other rank. */
const threes = openOn(rank => Math.floor(rank / 3))

memoryConformance('shm', oneHost, 'one host')
memoryConformance('shm', threes, 'several hosts')

test('arrays in the memory and arrays elsewhere, on any ranks, at any place: the sum of all', () => {
  const plan = fc.integer({ min: 1, max: 5 }).chain(size =>
    fc.record({
      length: fc.oneof(fc.nat(40), fc.nat(5000)),
      inMemory: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
      offset: fc.nat(9),
      dtype: fc.constantFrom(...(['float32', 'float64', 'int32'] as const)),
      several: fc.boolean(),
    }),
  )
  return fc.assert(
    fc.asyncProperty(plan, async ({ length, inMemory, offset, dtype, several }) => {
      const body = (comms: Communicator[]) =>
        together(comms, async comm => {
          const place = inMemory[comm.rank] ? comm.buffer : newArray
          const whole = place.call(comm, length + 2 * offset, dtype)
          const array = whole.subarray(offset, offset + length)
          for (let i = 0; i < length; i++) array[i] = i * (comm.rank + 1)
          await comm.allreduce(array)
          const factor = (comm.size * (comm.size + 1)) / 2
          const expected = newArray(length, dtype)
          for (let i = 0; i < length; i++) expected[i] = i * factor
          sameBits(array, expected, `${dtype}[${length}]`)
        })
      await withRanks(several ? threes : oneHost, inMemory.length, async comms => void (await body(comms)))
    }),
    { numRuns: 60 },
  )
})

test('buffers do not overlap, are zero at first, and come from elsewhere when the memory is used up', () =>
  withRanks(oneHost, 2, async ([comm]) => {
    const buffers = [comm.buffer(3, 'uint8'), comm.buffer(5, 'float64'), comm.buffer(0, 'int32')]
    for (const [k, buffer] of buffers.entries()) {
      assert.ok([...buffer].every(x => x === 0))
      buffer.fill(k + 1)
    }
    assert.ok(buffers.every((buffer, k) => [...buffer].every(x => x === k + 1)))
    const large = range(10).map(() => comm.buffer(1 << 20, 'float64'))
    assert.ok(large.every(({ length }) => length === 1 << 20))
    assert.ok(large.some(({ buffer }) => buffer !== buffers[0].buffer))
    assert.ok(large.some(({ buffer }) => buffer === buffers[0].buffer))
  }))
