import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as zmq from 'zeromq'
import { DType, encodeHeader, type Header, Op } from '../../src/collective/frame.ts'
import type { ZmqTransport } from '../../src/collective/zmq.ts'
import { temporaryFolder } from '../rig.ts'
import { connectionConformance, transportConformance } from './conformance.ts'
import { together, withRanks } from './ranks.ts'
import { bindAll, opened, openZmq, place } from './sockets.ts'

transportConformance('zmq, Unix-domain', size => openZmq(size))
connectionConformance('zmq, TCP with CURVE', size =>
  openZmq(size, { network: { addresses: ['127.0.0.1'], ports: null } }),
)

const header: Header = {
  source: 1,
  epoch: 1,
  group: 0,
  sequence: 1,
  step: 0,
  op: Op.barrier,
  dtype: DType.uint8,
  length: 0,
  layoutHash: 0,
}
const altered = (at: number): Buffer => {
  const bytes = Buffer.from(encodeHeader(header, place))
  bytes[at] ^= 1
  return bytes
}
const empty = Buffer.alloc(0)

const strays: [what: string, ...parts: Buffer[]][] = [
  ['nothing', empty],
  ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a second part', Buffer.from(encodeHeader(header, place)), empty],
  ['a header cut short', Buffer.from(encodeHeader(header, place)).subarray(0, -1)],
  ['a header that lacks its beginning', Buffer.from(encodeHeader(header, place)).subarray(1)],
  ['zeros before a header', Buffer.concat([Buffer.alloc(4), encodeHeader(header, place)])],
  ['another magic', altered(0)],
  ['another version', altered(4)],
  ['another job', Buffer.from(encodeHeader(header, { job: 8 }))],
  ['an older communicator', Buffer.from(encodeHeader({ ...header, epoch: 0 }, place))],
  ['a source beyond the last rank', Buffer.from(encodeHeader({ ...header, source: 2 }, place))],
  ['a source below 0', Buffer.from(encodeHeader({ ...header, source: -1 }, place))],
]

test('messages that are not frames of this communicator are dropped and counted, and the job goes on', async t => {
  const transports = await bindAll(2, { folder: temporaryFolder(t) })
  await withRanks(
    async () => opened(transports),
    2,
    async comms => {
      const push = stray(t, transports[0])
      for (const [, ...parts] of strays) await push.send(parts)
      for (let k = 0; transports[0].strays.messages < strays.length; k++) {
        const arrays = comms.map(() => Int32Array.of(1))
        await together(comms, comm => comm.allreduce(arrays[comm.rank]))
        assert.deepEqual(arrays, [Int32Array.of(2), Int32Array.of(2)])
        assert.ok(k < 10_000, `dropped ${transports[0].strays.messages} of ${strays.length}`)
      }
      assert.deepEqual(
        transports.map(({ strays }) => strays.messages),
        [strays.length, 0],
      )
    },
  )
})

test('what does not speak ZeroMQ at all disturbs nobody', async t => {
  const transports = await bindAll(2, { folder: temporaryFolder(t) })
  await withRanks(
    async () => opened(transports),
    2,
    async comms => {
      const socket = createConnection(transports[0].address.endpoints[0].replace('ipc://', ''))
      t.after(() => socket.destroy())
      await new Promise(resolve => socket.write(Buffer.alloc(10_000, 'noise'), resolve))
      for (let k = 0; k < 100; k++) await together(comms, comm => comm.barrier())
    },
  )
})

test('a folder whose path is too long for a socket: TCP on the loopback, with keys', async t => {
  for (const name of ['x'.repeat(100), 'ä'.repeat(45)]) {
    const folder = join(temporaryFolder(t), name)
    mkdirSync(folder)
    const transports = await bindAll(3, { folder })
    await withRanks(
      async () => opened(transports),
      3,
      async comms => {
        for (const { address } of transports) {
          assert.match(address.endpoints[0], /^tcp:\/\/127\.0\.0\.1:\d+$/)
          assert.equal(address.publicKey?.length, 40)
        }
        const arrays = comms.map(() => new Float32Array(1000).fill(1))
        await together(comms, comm => comm.allreduce(arrays[comm.rank]))
        assert.ok(arrays.every(array => array.every(x => x === 3)))
        await together(comms, comm => comm.close())
      },
    )
  }
})

/** Somebody else's socket, connected to a rank's. */
function stray(t: TestContext, { address }: ZmqTransport): zmq.Push {
  const push = new zmq.Push({ linger: 0 })
  push.connect(address.endpoints[0])
  t.after(() => push.close())
  return push
}
