import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeLate, latest } from '../../launcher/job/late.ts'
import type { RankState } from '../../launcher/protocol.ts'

function state(
  rank: number,
  about: { sequence: number; epoch?: number; waiting?: boolean; state?: string },
): RankState {
  const { sequence, epoch = 1, waiting = true } = about
  const progress = { epoch, sequence, waiting, phase: 'learn', age: 2.34 } as const
  return { rank, pid: 800 + rank, state: about.state ?? 'S', progress }
}

test('a stopped rank is the late one, wherever it is', () => {
  const states = [
    state(0, { sequence: 4, waiting: false }),
    state(1, { sequence: 9, state: 'T' }),
    state(2, { sequence: 1 }),
  ]
  assert.equal(latest(states)?.rank, 1)
})

test('else one outside a collective, before those that wait in an older one', () => {
  const states = [
    state(0, { sequence: 7 }),
    state(1, { sequence: 8, waiting: false }),
    state(2, { sequence: 8 }),
  ]
  assert.equal(latest(states)?.rank, 1)
})

test('of several the furthest behind: by epoch, then by sequence, then the lowest rank', () => {
  const behind = (sequences: [epoch: number, sequence: number][]) =>
    latest(sequences.map(([epoch, sequence], rank) => state(rank, { epoch, sequence })))?.rank
  assert.equal(
    behind([
      [2, 1],
      [1, 9],
      [2, 0],
    ]),
    1,
  )
  assert.equal(
    behind([
      [1, 5],
      [1, 4],
      [1, 3],
    ]),
    2,
  )
  assert.equal(
    behind([
      [1, 5],
      [1, 5],
      [1, 5],
    ]),
    0,
  )
})

test('of no ranks none is late', () => {
  assert.equal(latest([]), null)
})

test('the late rank is described by what it does', () => {
  const sign = 'last sign of progress 2.3 s ago'
  assert.equal(
    describeLate(state(2, { sequence: 1, state: 'T' })),
    `rank 2 (pid 802): stopped (state T), ${sign}`,
  )
  assert.equal(describeLate(state(0, { sequence: 1 })), `rank 0 (pid 800): in a collective, ${sign}`)
  assert.equal(
    describeLate(state(1, { sequence: 1, waiting: false })),
    `rank 1 (pid 801): busy (learn), ${sign}`,
  )
})
