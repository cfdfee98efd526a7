/** Who may look at the live page, and what the server says. */
import assert from 'node:assert/strict'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { markWatched, unmarkWatched, Watched } from '../../src/log/watched.ts'
import { type WatchOptions, watchRun } from '../../src/web/watch.ts'
import { temporaryFolder } from '../rig.ts'

function runFolder(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'run')
  mkdirSync(folder)
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ status: 'completed', np: 1 }))
  return folder
}

const nobody: WatchOptions['load'] = () => {
  throw new Error('no policy here')
}

async function serve(t: TestContext, host: string): Promise<string> {
  const { url, close } = await watchRun(runFolder(t), { port: 0, host, load: nobody })
  t.after(close)
  return url
}

interface Answer {
  status: number
  cookie: string
  text: string
  policy: string
}

/** node:http: fetch sets the Host itself. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => (text += chunk))
      response.on('end', () => {
        const { 'set-cookie': cookies = [''], 'content-security-policy': policy = '' } = response.headers
        resolve({ status: response.statusCode ?? 0, cookie: cookies[0], text, policy: String(policy) })
      })
    })
    sent.on('error', reject).end()
  })
}

test('on 127.0.0.1 the page is there, to be read only, and for this machine’s own names', async t => {
  const url = await serve(t, '127.0.0.1')
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  const { status, text, policy } = await ask(url)
  assert.equal(status, 200)
  assert.match(text, /<canvas/)
  assert.match(policy, /^default-src 'none'; connect-src 'self';/)
  const { port } = new URL(url)
  assert.equal((await ask(url, { host: `localhost:${port}` })).status, 200)
  assert.equal((await ask(url, { host: `evil.example:${port}` })).status, 403)
  assert.equal((await ask(`${url}nothing`)).status, 404)
  assert.equal((await ask(url, {}, 'POST')).status, 405)
})

test('elsewhere nobody looks without the token, which moves into a cookie', async t => {
  const url = new URL(await serve(t, '0.0.0.0'))
  const token = url.searchParams.get('token')!
  assert.match(token, /^[0-9a-f]{32}$/)
  const base = `http://127.0.0.1:${url.port}/`
  for (const path of ['', 'live', '?token=', `?token=${'0'.repeat(32)}`, `?token=${token}0`])
    assert.equal((await ask(base + path)).status, 403, path)
  assert.equal((await ask(base, { cookie: `pporun=${'0'.repeat(32)}` })).status, 403)
  const admitted = await ask(`${base}?token=${token}`)
  assert.equal(admitted.status, 303)
  assert.match(admitted.cookie, /; HttpOnly; SameSite=Strict; Path=\/$/)
  const cookie = admitted.cookie.split(';')[0]
  const { status, text } = await ask(base, { cookie })
  assert.equal(status, 200)
  assert.ok(!text.includes(token), 'the token is not in the page')
})

test('a port that is taken is refused in one line', async t => {
  const { port } = new URL(await serve(t, '127.0.0.1'))
  const again = watchRun(runFolder(t), { port: Number(port), host: '127.0.0.1', load: nobody })
  await assert.rejects(again, /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\); try another --port/)
})

test('a run notices that it is watched by a mark that changes, whatever the clocks say', t => {
  const folder = temporaryFolder(t)
  const watched = new Watched(folder)
  assert.equal(watched.now(0), false)
  markWatched(folder)
  utimesSync(join(folder, '.watched'), 1, 1)
  assert.equal(watched.now(1000), false, 'it does not look so often')
  assert.equal(watched.now(4000), true)
  assert.equal(watched.now(13_000), true)
  assert.equal(watched.now(17_000), false, 'nobody has renewed it')
  utimesSync(join(folder, '.watched'), 2, 2)
  assert.equal(watched.now(21_000), true)
  unmarkWatched(folder)
  assert.equal(watched.now(25_000), false)
})
