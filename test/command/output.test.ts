/** What ranks print, as it comes out of the real command. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, run, script, temporaryFolder } from '../rig.ts'

/** A line on stdout and one on stderr of each rank. */
const lines = `console.log('out')\nconsole.error('err')\n`

test('--tag-output begins each line with its rank, on stdout and stderr', async t => {
  const path = script(temporaryFolder(t), lines)
  const { stdout, stderr } = await run(['-np', '2', '--quiet', '--tag-output', path])
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), ['[0] out', '[1] out'])
  assert.deepEqual(stderr.trimEnd().split('\n').sort(), ['[0] err', '[1] err'])
})

test('--quiet leaves the ranks’ own output alone', async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stdout, stderr } = await run(['--quiet', '--out', out, 'train', '--total-steps', '256'])
  assert.equal(status, 0)
  assert.match(stdout, /^evaluation /)
  assert.equal(stderr, '')
})

test('an error in a script names its file by the whole path, wherever the command is', async t => {
  const path = script(temporaryFolder(t), `type T = number\n\nthrow new Error('on purpose')\n`)
  for (const cwd of ['/', '/usr', temporaryFolder(t)]) {
    const { status, stderr } = await run([path], { cwd })
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`(^|[ (]|file://)${path}:3\\b`, 'm'))
  }
})

test('a lot of output arrives whole, also its last line without an end', async t => {
  const body = `for (let i = 0; i < 100_000; i++) console.log('line', i)\nprocess.stdout.write('the end')\n`
  const out = join(temporaryFolder(t), 'run')
  const { status, stdout } = await run(['--out', out, script(temporaryFolder(t), body)])
  assert.equal(status, 0)
  const printed = stdout.split('\n')
  assert.deepEqual(
    [printed.length, printed[99_999], printed.slice(100_000)],
    [100_002, 'line 99999', ['the end', '']],
  )
  assert.equal(
    readFileSync(join(out, 'logs', 'rank.0.log'), 'utf8')
      .split('\n')
      .at(-2),
    'the end',
  )
})

test('a reader that goes away ends the job without a stack', async t => {
  const path = script(temporaryFolder(t), `setInterval(() => console.log('more'), 1)\n`)
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const job = new Running('sh', ['-c', '"$0" "$@" | head -n 1', process.execPath, bin, '-np', '2', path])
  const { stdout, stderr } = await job.ended
  await job.allGone(5)
  assert.equal(stdout, 'more\n')
  assert.doesNotMatch(stderr, /EPIPE|Unhandled|node:/)
})
