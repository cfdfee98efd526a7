import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsageError } from '../../src/base/errors.ts'
import { part } from '../../src/base/math/parts.ts'
import { defaultConfig } from '../../src/ppo/config.ts'
import { checkRanks, sizesOf } from '../../src/ppo/sizes.ts'

const config = (fields: object) => ({ ...defaultConfig(), ...fields })

test("CartPole's preset is cut into eight shards", () => {
  const cartPole = config({ numEnvs: 8, numSteps: 32, batchSize: 256, totalSteps: 100_000 })
  assert.deepEqual(sizesOf(cartPole), {
    numShards: 8,
    envsPerShard: 1,
    rowsPerShard: 32,
    minibatchRowsPerShard: 32,
    numMinibatches: 1,
    numUpdates: 391,
    totalSteps: 100_096,
  })
})

test('the default number of shards is the largest divisor up to eight of what environments and batch share', () => {
  const shards = (numEnvs: number, batchSize: number) =>
    sizesOf(config({ numEnvs, batchSize, numSteps: batchSize })).numShards
  assert.deepEqual(
    [shards(64, 256), shards(12, 96), shards(9, 9), shards(7, 14), shards(5, 64)],
    [8, 6, 3, 7, 1],
  )
})

test('what cannot be divided is refused with what would do', () => {
  const refused = (fields: object, pattern: RegExp) =>
    assert.throws(
      () => sizesOf(config(fields)),
      error => error instanceof UsageError && pattern.test(error.message),
    )
  refused({ numEnvs: 8, numSteps: 32, batchSize: 100 }, /--batch-size 100 .* 8 x 32 = 256 rows; use 128/)
  refused({ numEnvs: 8, numSteps: 32, batchSize: 256, shards: 16 }, /--shards 16 must divide .*; use 8/)
})

test('the remedy for too many ranks works', () => {
  fc.assert(
    fc.property(
      fc.record({
        size: fc.integer({ min: 2, max: 40 }),
        numEnvs: fc.integer({ min: 1, max: 32 }),
        numSteps: fc.integer({ min: 1, max: 64 }),
        minibatches: fc.integer({ min: 1, max: 4 }),
      }),
      ({ size, numEnvs, numSteps, minibatches }) => {
        fc.pre((numEnvs * numSteps) % minibatches === 0)
        const asked = config({ numEnvs, numSteps, batchSize: (numEnvs * numSteps) / minibatches })
        const message = messageOf(() => checkRanks(asked, sizesOf(asked).numShards, size))
        if (message === null) return
        const [, remedy] = message.split(' or fewer, or ')
        const mended = { ...asked, ...readRemedy(remedy) }
        checkRanks(mended, sizesOf(mended).numShards, size)
      },
    ),
  )
})

test('ranks share out all shards, in order, as evenly as can be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (size, numShards) => {
      const cuts = Array.from({ length: size }, (_, rank) => part(numShards, rank, size))
      assert.equal(cuts[0].first, 0)
      assert.equal(cuts.at(-1)!.last, numShards)
      const counts = cuts.map(({ first, last }) => last - first)
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1)
      for (let rank = 1; rank < size; rank++) assert.equal(cuts[rank].first, cuts[rank - 1].last)
    }),
  )
})

function messageOf(call: () => void): string | null {
  try {
    call()
    return null
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return error.message
  }
}

/** `--num-envs 16 --shards 16` as fields. */
function readRemedy(words: string): object {
  const names: Record<string, string> = { shards: 'shards', 'num-envs': 'numEnvs', 'batch-size': 'batchSize' }
  return Object.fromEntries(
    [...words.matchAll(/--([a-z-]+) (\d+)/g)].map(([, name, value]) => [names[name], Number(value)]),
  )
}
