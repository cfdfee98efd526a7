/** Everything that a network may do to a job's ports, while it computes: dropped, counted, and the sums stay right. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import * as zmq from 'zeromq'
import { pporun, type Running, script, temporaryFolder, until } from '../rig.ts'
import { folderForTcp } from './tcp.ts'

const IDLE = 10_000

const summing = `
import { existsSync } from 'node:fs'
import { connect } from 'pporun'
const comm = await connect()
const [stop] = process.argv.slice(2)
for (let k = 0; ; k++) {
  const array = new Float64Array(500).fill(k + comm.rank)
  await comm.allreduce(array)
  if (array.some(x => x !== 3 * k + 3)) throw new Error('wrong sum')
  if (comm.rank === 0 && k % 100 === 0) console.log('sum', k)
  const end = Int32Array.of(existsSync(stop) ? 1 : 0)
  await comm.allreduce(end, 'max')
  if (end[0]) break
}
await comm.close()
`

test('noise, scans, strangers, giants and 10 000 idle connections: the job goes on and says what it dropped', async t => {
  const folder = temporaryFolder(t)
  const stop = join(folder, 'stop')
  const args = ['-np', '3', '--transport', 'zmq', script(folder, summing), stop]
  const job = pporun(args, { env: { TMPDIR: folderForTcp(folder) } })
  await job.prints('sum 100')
  const port = await portOfRank(job, 1)
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + 13) % 256))
  await say(port, noise)
  await say(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
  await say(port, Buffer.alloc(0)) // a port scan
  await say(port, Buffer.concat([greeting, hugeFrame]))
  for (const options of [{}, stranger()]) await push(t, port, options)
  await goesOn(job)
  const idle: Socket[] = []
  // As many at a time as wait to be accepted: of more the kernel would drop some.
  while (idle.length < IDLE) idle.push(...(await Promise.all(Array.from({ length: 50 }, () => open(port)))))
  await goesOn(job)
  for (const socket of idle) socket.destroy()
  await goesOn(job)
  writeFileSync(stop, '')
  const { status, stderr } = await job.ended
  assert.equal(status, 0, stderr)
  const [, connections] =
    stderr.match(/dropped what was not this job's: connections: (\d+), messages: 0/) ?? []
  assert.equal(Number(connections), IDLE + 6, stderr)
})

test('two jobs at once do not disturb each other; without CURVE frames of a stranger are dropped and counted', async t => {
  const folder = temporaryFolder(t)
  const path = script(folder, summing)
  const start = (name: string, ...options: string[]) =>
    pporun(['-np', '3', '--transport', 'zmq', ...options, path, join(folder, name)], {
      env: { TMPDIR: folderForTcp(folder) },
    })
  const jobs = [start('a'), start('b', '--security', 'none')]
  for (const job of jobs) await job.prints('sum 100')
  await push(t, await portOfRank(jobs[1], 2), {}, [Buffer.alloc(48, 'x'), Buffer.alloc(10)])
  for (const job of jobs) await goesOn(job)
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), '')
  const [a, b] = await Promise.all(jobs.map(job => job.ended))
  assert.deepEqual([a.status, b.status], [0, 0], a.stderr + b.stderr)
  assert.doesNotMatch(a.stderr, /dropped/)
  assert.match(b.stderr, /dropped what was not this job's: connections: 0, messages: 1/)
})

/** ZMTP 3.1 with CURVE, and a frame that says it is as long as can be written. */
const greeting = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from('CURVE'.padEnd(20, '\0')),
  Buffer.alloc(32),
])
const hugeFrame = Buffer.from([6, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])

/** Keys of somebody who knows none of the job's. */
function stranger(): zmq.SocketOptions<zmq.Push> {
  const own = zmq.curveKeyPair()
  const { publicKey } = zmq.curveKeyPair()
  return { curveServerKey: publicKey, curvePublicKey: own.publicKey, curveSecretKey: own.secretKey }
}

async function push(
  t: TestContext,
  port: number,
  options: zmq.SocketOptions<zmq.Push>,
  message = [Buffer.alloc(100)],
): Promise<void> {
  const socket = new zmq.Push({ linger: 0, reconnectInterval: -1, ...options })
  t.after(() => socket.close())
  socket.connect(`tcp://127.0.0.1:${port}`)
  await socket.send(message)
}

async function say(port: number, bytes: Buffer): Promise<void> {
  const socket = await open(port)
  await new Promise(resolve => socket.end(bytes, () => resolve(null)))
  socket.destroy()
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })
}

/** Two hundred more sums. */
async function goesOn(job: Running): Promise<void> {
  const last = () => Number(job.stdout.match(/sum (\d+)\n$/)?.[1] ?? 0)
  const now = last()
  await until('the job to go on', () => last() >= now + 200 || undefined)
}

/** The TCP port that a rank listens at, as the kernel knows it. */
async function portOfRank(job: Running, rank: number): Promise<number> {
  const pid = await job.rank(rank)
  const inodes = readdirSync(`/proc/${pid}/fd`).map(fd => inodeOf(`/proc/${pid}/fd/${fd}`))
  const LISTEN = '0A'
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state === LISTEN && inodes.includes(inode)) return Number.parseInt(local.split(':')[1], 16)
  }
  throw new Error(`rank ${rank} listens nowhere`)
}

function inodeOf(fd: string): string {
  try {
    return readlinkSync(fd).match(/^socket:\[(\d+)\]$/)?.[1] ?? ''
  } catch {
    return '' // closed meanwhile
  }
}
