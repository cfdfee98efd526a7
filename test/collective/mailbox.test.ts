import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PporunError } from '../../src/base/errors.ts'
import { channelOf, type Frame } from '../../src/collective/frame.ts'
import { Mailbox } from '../../src/collective/mailbox.ts'
import { PeerTimeoutError, systemClock } from '../../src/collective/transport.ts'

/** Channel 0: collectives of all ranks. */
const frame = (sequence: number, group = 0): Frame => ({
  header: { source: 0, epoch: 1, group, sequence, step: 0, op: 1, dtype: 1, length: 0, layoutHash: 0 },
  payload: new Uint8Array(0),
})

test('frames of a peer come in order, however deliveries and takes interleave', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), fc.boolean())), async acts => {
      const mailbox = new Mailbox(systemClock)
      const delivered = [0, 0, 0]
      const taken: [from: number, k: number, frame: Promise<Frame>][] = []
      const takes = [0, 0, 0]
      for (const [from, deliver] of acts) {
        if (deliver) mailbox.deliver(from, frame(delivered[from]++))
        // One wait per peer at a time, as one collective at a time makes it.
        else if (takes[from] <= delivered[from]) taken.push([from, takes[from]++, mailbox.take(from, 0, 10)])
      }
      for (const from of [0, 1, 2])
        if (takes[from] > delivered[from]) mailbox.deliver(from, frame(delivered[from]))
      for (const [, k, frame] of taken) assert.equal((await frame).header.sequence, k)
      assert.equal(mailbox.waiting, false)
      mailbox.close()
    }),
  ))

test('channels do not mix, and one that nobody reads holds up no other', async () => {
  const mailbox = new Mailbox(systemClock)
  const channel = (group: number) => channelOf({ group, op: 1 })
  const wait = mailbox.take(1, channel(7), 10)
  for (const [sequence, group] of [
    [1, 0],
    [2, 9],
    [3, 7],
    [4, 7],
    [5, 0],
  ])
    mailbox.deliver(1, frame(sequence, group))
  assert.equal((await wait).header.sequence, 3)
  const taken = []
  for (const group of [0, 7, 0, 9]) taken.push((await mailbox.take(1, channel(group), 10)).header.sequence)
  assert.deepEqual(taken, [1, 4, 5, 2])
  assert.equal(mailbox.waiting, false)
  mailbox.close()
})

test('a wait ends at its limit and names the peer; the next one may succeed', async () => {
  const mailbox = new Mailbox(systemClock)
  const start = performance.now()
  await assert.rejects(mailbox.take(5, 0, 0.25), (error: PeerTimeoutError) => {
    assert.ok(error instanceof PeerTimeoutError)
    assert.equal(error.peer, 5)
    assert.ok(error.seconds >= 0.25)
    return true
  })
  const took = performance.now() - start
  assert.ok(took >= 250 && took < 10_000, `${took} ms`)
  const next = mailbox.take(5, 0, 10)
  mailbox.deliver(5, frame(1))
  assert.equal((await next).header.sequence, 1)
  mailbox.close()
})

test('time in which this process was busy itself does not count', async () => {
  const mailbox = new Mailbox(systemClock)
  const wait = mailbox.take(1, 0, 0.8)
  for (let i = 0; i < 3; i++) {
    block(1000)
    await new Promise(resolve => setImmediate(resolve)) // the timer is due: it runs
    assert.equal(mailbox.waiting, true)
  }
  mailbox.deliver(1, frame(1))
  await wait
  mailbox.close()
})

test('a failure ends all waits and all later ones; the first one stays', async () => {
  const mailbox = new Mailbox(systemClock)
  const waits = [mailbox.take(1, 0, 10), mailbox.take(2, 0, 10)]
  mailbox.deliver(3, frame(1))
  const reason = new Error('enough')
  mailbox.fail(reason)
  mailbox.fail(new Error('a consequence'))
  mailbox.close()
  const isReason = (error: unknown) => error === reason
  for (const wait of [...waits, mailbox.take(1, 0, 10), mailbox.take(3, 0, 10)])
    await assert.rejects(wait, isReason)
})

test('a closed mailbox says so', async () => {
  const mailbox = new Mailbox(systemClock)
  const wait = mailbox.take(1, 0, 10)
  mailbox.close()
  await assert.rejects(wait, new PporunError('the communicator is closed'))
})

function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}
