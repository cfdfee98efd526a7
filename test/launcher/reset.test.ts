/** A worker that is killed with words unread resets its connection: the other end of it takes that for an end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { writeLine } from '../../launcher/protocol.ts'
import { dial, firstLine } from '../../launcher/worker/channel.ts'
import { Hub, type Join } from '../../launcher/worker/hub.ts'
import { freePort, pporun, type Running, script, temporaryFolder } from '../rig.ts'

test('of another worker, where the launcher is', async t => {
  const key = randomBytes(32)
  const hub = await Hub.open(key, 0, 2, () => {})
  t.after(() => hub.close())
  const road = await roadTo(t, hub.port)
  const socket = await dial(key, '127.0.0.1', road.port)
  socket.on('error', () => {})
  writeLine(socket, { type: 'join', rank: 1, size: 2, host: 'n1', machine: 'n1' } satisfies Join)
  await firstLine(socket)
  for (const end of road.far) end.resetAndDestroy()
  assert.equal((await hub.agent(1).ended).how, 'its connection ended')
})

test('of the launcher, where another worker is: its rank ends', async t => {
  const [folder, port] = [temporaryFolder(t), await freePort()]
  const token = join(folder, 'token')
  writeFileSync(token, randomBytes(32), { mode: 0o600 })
  const road = await roadTo(t, port)
  const path = script(folder, WAIT)
  const worker = (rank: number, port: number): Running => {
    const meeting = { PPORUN_RENDEZVOUS: `tcp:127.0.0.1:${port}`, PPORUN_TOKEN_FILE: token }
    return pporun(['worker', path], { env: { RANK: String(rank), WORLD_SIZE: '2', ...meeting } })
  }
  const jobs = [worker(0, port), worker(1, road.port)]
  await jobs[0].prints('under way 1')
  for (const end of [...road.near, ...road.far]) end.resetAndDestroy()
  for (const job of jobs) await job.allGone(5) // eight seconds of silence would end it too
  assert.match((await jobs[0].ended).stderr, /the job lost its agent on .*\(its connection ended\)/)
})

/** Ranks that have met, and stay. */
const WAIT = `import { connect } from 'pporun'
const { rank } = await connect()
console.error('under way', rank)
setInterval(() => {}, 1000)`

/** A port from which bytes go on to `port`; both ends of each connection, the one that dials and the other. */
async function roadTo(
  t: TestContext,
  port: number,
): Promise<{ port: number; near: Socket[]; far: Socket[] }> {
  const [near, far]: Socket[][] = [[], []]
  const server = createServer(from => {
    const to = connect(port, '127.0.0.1')
    for (const end of [from, to]) end.on('error', () => {})
    from.pipe(to).pipe(from)
    near.push(from)
    far.push(to)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const end of [...near, ...far]) end.destroy()
  })
  return { port: (server.address() as AddressInfo).port, near, far }
}
