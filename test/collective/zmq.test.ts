import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as zmq from 'zeromq'
import {
  DType,
  encodeHeader,
  HEADER_BYTES,
  type Header,
  MismatchError,
  Op,
} from '../../src/collective/frame.ts'
import { ZmqTransport } from '../../src/collective/zmq.ts'
import { temporaryFolder } from '../rig.ts'
import { transportConformance } from './conformance.ts'
import { range, refusals, together, withRanks } from './ranks.ts'

async function bindAll(size: number, folder: string): Promise<ZmqTransport[]> {
  const transports = await Promise.all(range(size).map(rank => ZmqTransport.bind(rank, size, folder, 1)))
  const endpoints = transports.map(({ endpoint }) => endpoint)
  for (const transport of transports) transport.connect(endpoints)
  return transports
}

const opened = (transports: ZmqTransport[]) => ({
  transports,
  close: () => transports.forEach(transport => void transport.close()),
})

transportConformance('zmq', async size => {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-test-'))
  const { transports, close } = opened(await bindAll(size, folder))
  return {
    transports,
    close: () => {
      close()
      rmSync(folder, { recursive: true })
    },
  }
})

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
  const bytes = Buffer.from(encodeHeader(header))
  bytes[at] ^= 1
  return bytes
}
const empty = Buffer.alloc(0)

const strays: [what: string, ...parts: Buffer[]][] = [
  ['nothing', empty],
  ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a header alone', Buffer.from(encodeHeader(header))],
  ['a third part', Buffer.from(encodeHeader(header)), empty, empty],
  ['a short header', Buffer.from(encodeHeader(header)).subarray(1), empty],
  ['a long header', Buffer.alloc(HEADER_BYTES + 4, encodeHeader(header)), empty],
  ['another magic', altered(0), empty],
  ['another version', altered(4), empty],
  ['a source beyond the last rank', Buffer.from(encodeHeader({ ...header, source: 2 })), empty],
  ['a source below 0', Buffer.from(encodeHeader({ ...header, source: -1 })), empty],
]

test('messages that are not frames are dropped and counted, and the job goes on', async t => {
  const transports = await bindAll(2, temporaryFolder(t))
  await withRanks(
    async () => opened(transports),
    2,
    async comms => {
      const push = stray(t, transports[0])
      for (const [, ...parts] of strays) await push.send(parts)
      for (let k = 0; transports[0].dropped < strays.length; k++) {
        const arrays = comms.map(() => Int32Array.of(1))
        await together(comms, comm => comm.allreduce(arrays[comm.rank]))
        assert.deepEqual(arrays, [Int32Array.of(2), Int32Array.of(2)])
        assert.ok(k < 10_000, `dropped ${transports[0].dropped} of ${strays.length}`)
      }
      assert.deepEqual(
        transports.map(({ dropped }) => dropped),
        [strays.length, 0],
      )
    },
  )
})

test('what does not speak ZeroMQ at all disturbs nobody', async t => {
  const transports = await bindAll(2, temporaryFolder(t))
  await withRanks(
    async () => opened(transports),
    2,
    async comms => {
      const socket = createConnection(transports[0].endpoint.replace('ipc://', ''))
      t.after(() => socket.destroy())
      await new Promise(resolve => socket.write(Buffer.alloc(10_000, 'noise'), resolve))
      for (let k = 0; k < 100; k++) await together(comms, comm => comm.barrier())
    },
  )
})

test('a frame of an older communicator is a mismatch', async t => {
  const transports = await bindAll(2, temporaryFolder(t))
  await withRanks(
    async () => opened(transports),
    2,
    async ([comm]) => {
      await stray(t, transports[0]).send([encodeHeader({ ...header, epoch: 0 }), empty])
      const [error] = await refusals([comm.barrier()])
      assert.ok(error instanceof MismatchError)
      assert.match(error.message, /epoch 1, message 0\), but rank 1 is in barrier #1 \(.*epoch 0/)
    },
  )
})

test('a folder whose path is too long for a socket: TCP on the loopback', async t => {
  for (const name of ['x'.repeat(100), 'ä'.repeat(45)]) {
    const folder = join(temporaryFolder(t), name)
    mkdirSync(folder)
    const transports = await bindAll(3, folder)
    await withRanks(
      async () => opened(transports),
      3,
      async comms => {
        for (const { endpoint } of transports) assert.match(endpoint, /^tcp:\/\/127\.0\.0\.1:\d+$/)
        const arrays = comms.map(() => new Float32Array(1000).fill(1))
        await together(comms, comm => comm.allreduce(arrays[comm.rank]))
        assert.ok(arrays.every(array => array.every(x => x === 3)))
        await together(comms, comm => comm.close())
      },
    )
  }
})

/** Somebody else's socket, connected to a rank's. */
function stray(t: TestContext, { endpoint }: ZmqTransport): zmq.Push {
  const push = new zmq.Push({ linger: 0 })
  push.connect(endpoint)
  t.after(() => push.close())
  return push
}
