import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fold } from '../../launcher/output/fold.ts'

type Said = [rank: number, text: string]

function folded(said: readonly Said[]): [ranks: number[], text: string][] {
  const printed: [number[], string][] = []
  const fold = new Fold((ranks, text) => printed.push([ranks, text]))
  for (const [rank, text] of said) fold.add(rank, text)
  fold.flush()
  return printed
}

test('what several ranks say alike is said once', () => {
  const said: Said[] = [0, 2, 1].flatMap((rank): Said[] => [
    [rank, 'Error: no'],
    [rank, '    at f'],
  ])
  assert.deepEqual(folded(said), [
    [[0, 2, 1], 'Error: no'],
    [[0, 2, 1], '    at f'],
  ])
})

test('what one rank says twice is said twice', () => {
  assert.deepEqual(
    folded([
      [0, 'a'],
      [0, 'a'],
      [1, 'a'],
      [1, 'a'],
      [1, 'a'],
    ]),
    [
      [[0, 1], 'a'],
      [[0, 1], 'a'],
      [[1], 'a'],
    ],
  )
})

test('it is shown soon, without being asked', async () => {
  const printed: string[] = []
  await new Promise<void>(resolve => {
    const fold = new Fold((_, text) => {
      printed.push(text)
      resolve()
    })
    fold.add(0, 'a')
    assert.deepEqual(printed, [])
  })
  assert.deepEqual(printed, ['a'])
})

test('each rank’s lines come out complete and in order, and no line names a rank twice', () => {
  const line = fc.tuple(fc.nat(3), fc.constantFrom('a', 'b', 'c'))
  fc.assert(
    fc.property(fc.array(line), said => {
      const printed = folded(said)
      for (let rank = 0; rank < 4; rank++) {
        const of = printed.filter(([ranks]) => ranks.includes(rank)).map(([, text]) => text)
        assert.deepEqual(
          of,
          said.filter(([who]) => who === rank).map(([, text]) => text),
        )
      }
      for (const [ranks] of printed) assert.equal(new Set(ranks).size, ranks.length)
    }),
  )
})
