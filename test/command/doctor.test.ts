import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, run } from '../rig.ts'

interface Found {
  hosts: Record<string, string | number>[]
  links: { from: string; to: string; p50us: number; GBps: number }[]
  warnings: string[]
  failures: string[]
}

test('pporun doctor --json: this machine, and a link between two ranks', async () => {
  const { status, stdout, stderr } = await run(['doctor', '--json'])
  assert.equal(status, 0, stderr)
  const { hosts, links, failures } = JSON.parse(stdout) as Found
  assert.deepEqual(failures, [])
  const [{ result, node, cores, engine }] = hosts
  assert.ok(hosts.length === 1 && result !== 'failure')
  assert.equal(node, process.version)
  assert.ok(Number(cores) > 0)
  assert.match(String(engine), /^(native|wasm|tfjs)/)
  assert.deepEqual(
    links.map(({ from, to }) => [from, to]),
    [['rank 0', 'rank 1']],
  )
  assert.ok(links[0].p50us > 0 && links[0].GBps > 0)
})

test('a failure is a line that says what mends it, status 1; the others are ok', async () => {
  const { status, stdout } = await run(['doctor', '-H', 'localhost,elsewhere', '--ssh', 'sh -c "exit 3" sh'])
  assert.equal(status, 1)
  assert.match(stdout, /^localhost +(ok|warning) /m)
  assert.match(stdout, /^elsewhere +failure$/m)
  assert.match(
    stdout,
    /^failure: elsewhere: the agent did not start over ssh .*; try: sh -c exit 3 sh elsewhere/m,
  )
  assert.doesNotMatch(stdout, /link/)
})

test('few open files are a warning, status 0', async () => {
  const command = `ulimit -n 512 && exec "${process.execPath}" "${join(checkout, 'launcher', 'pporun.mjs')}" doctor`
  const { status, stdout, stderr } = await new Running('sh', ['-c', command]).ended
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^warning: .* lets a process open 512 files: .*ulimit -n/m)
})

test('mistakes: a word, an unknown option, a hostfile that is not there', async () => {
  for (const [words, message] of [
    [['all'], /^pporun: unexpected 'all'; pporun doctor takes options only\n$/],
    [['--hostfil', 'x'], /did you mean --hostfile\?/],
    [['--hostfile', '/no/hosts'], /\/no\/hosts/],
  ] as const) {
    const { status, stdout, stderr } = await run(['doctor', ...words])
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, message)
  }
})
