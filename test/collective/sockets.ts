/** ZeroMQ transports of several ranks in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Listening, ZmqTransport } from '../../src/collective/zmq.ts'
import { type Opened, range } from './ranks.ts'

export const place = { job: 7, epoch: 1 }

/** Bound in `folder` unless they are given an address, and connected with each other. */
export async function bindAll(
  size: number,
  options: Pick<Listening, 'folder'> & Partial<Listening>,
): Promise<ZmqTransport[]> {
  const bind = (rank: number) =>
    ZmqTransport.bind({ rank, size, place, network: null, security: 'curve', ...options })
  const transports = await Promise.all(range(size).map(bind))
  await connectAll(transports)
  return transports
}

export async function connectAll(transports: ZmqTransport[]): Promise<void> {
  const addresses = transports.map(({ address }) => address)
  await Promise.all(transports.map(transport => transport.connect(addresses, 20)))
}

export const opened = (transports: ZmqTransport[]): Opened => ({
  transports,
  close: () => transports.forEach(transport => void transport.close()),
})

/** Bound and connected in a folder that goes with them. */
export async function openZmq(size: number, options: Partial<Listening> = {}): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-test-'))
  const { transports, close } = opened(await bindAll(size, { folder, ...options }))
  return {
    transports,
    close: () => {
      void close()
      rmSync(folder, { recursive: true })
    },
  }
}
