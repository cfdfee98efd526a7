/** What ranks print, as it comes out of the real command. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, run, script, temporaryFolder, until } from '../rig.ts'

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
  assert.deepEqual([printed.length, printed[99_999], printed.at(-1)], [100_001, 'line 99999', 'the end'])
  assert.equal(readFileSync(join(out, 'logs', 'rank.0.log'), 'utf8'), stdout)
})

test('the console has rank 0’s stdout and everybody’s stderr, alike lines once; the logs have all', async t => {
  const body = `
    import { connect } from 'pporun'
    const { rank, barrier } = await connect().then(comm => ({ rank: comm.rank, barrier: () => comm.barrier() }))
    console.log('out', rank)
    await barrier()
    console.error('careful')
    if (rank === 2) console.error('only me')
  `
  const out = join(temporaryFolder(t), 'run')
  const { stdout, stderr } = await run(['-np', '3', '--out', out, script(temporaryFolder(t), body)])
  assert.equal(stdout, 'out 0\n')
  const said = stderr.split('\n').filter(line => line.startsWith('['))
  assert.deepEqual(said, ['[0-2 ×3] careful', '[2] only me'])
  assert.match(stderr, /^pporun: ranks 1-2 printed too: see .*run\/logs, or use --tag-output$/m)
  for (const rank of [0, 1, 2]) {
    const log = readFileSync(join(out, 'logs', `rank.${rank}.log`), 'utf8').split('\n')
    assert.deepEqual(log.sort(), ['', 'careful', ...(rank === 2 ? ['only me'] : []), `out ${rank}`])
  }
})

test('what a rank printed before it died is shown, and kept, without being asked', async t => {
  const cwd = temporaryFolder(t)
  const body = `if (process.env.PPORUN_RANK === '1') { console.log('about to die'); process.exit(3) } else setTimeout(() => {}, 60_000)`
  const { status, stderr } = await run(['-np', '2', script(temporaryFolder(t), body)], { cwd })
  assert.equal(status, 3)
  assert.match(
    stderr,
    /rank 1 .* ended with exit status 3.*\npporun: rank 1 printed last:\n {2}about to die\n/,
  )
  const [folder] = readdirSync(join(cwd, 'runs'))
  assert.equal(readFileSync(join(cwd, 'runs', folder, 'logs', 'rank.1.log'), 'utf8'), 'about to die\n')
})

test('--timestamp-output begins each line with the time; a progress bar shows its last state', async t => {
  const body = `process.stdout.write('10%\\r50%\\r100%\\nno end'); console.error('err')`
  const path = script(temporaryFolder(t), body)
  const { stdout, stderr } = await run(['--quiet', '--timestamp-output', path])
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} `
  assert.match(stdout, new RegExp(`^${time}100%\n${time}no end\n$`))
  assert.match(stderr, new RegExp(`^${time}err\n$`))
})

test('100 MB without a newline, any bytes: each one arrives, on the console and in the logs', async t => {
  const folder = temporaryFolder(t)
  const out = join(folder, 'run')
  // Every value but a newline; characters are cut wherever a chunk ends.
  const body = `
    import { createHash } from 'node:crypto'
    import { writeFileSync } from 'node:fs'
    const rank = Number(process.env.PPORUN_RANK)
    const block = Buffer.from(Array.from({ length: 49_999 }, (_, i) => ((i * 7 + rank) % 256 === 10 ? 11 : (i * 7 + rank) % 256)))
    const hash = createHash('sha256')
    for (let i = 0; i < 1000; i++) {
      hash.update(block)
      if (!process.stdout.write(block)) await new Promise(resolve => process.stdout.once('drain', resolve))
    }
    writeFileSync('${folder}/' + rank, hash.digest('hex'))
  `
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const words = [bin, '-np', '2', '--quiet', '--out', out, script(folder, body)]
  const { status, stdout } = await new Running('sh', [
    '-c',
    '"$0" "$@" | sha256sum',
    process.execPath,
    ...words,
  ]).ended
  assert.equal(status, 0)
  const sums = [0, 1].map(rank => readFileSync(join(folder, String(rank)), 'utf8'))
  assert.equal(stdout.split(' ')[0], sums[0])
  for (const rank of [0, 1]) {
    const log = readFileSync(join(out, 'logs', `rank.${rank}.log`))
    assert.equal(log.length, 1000 * 49_999)
    assert.equal(createHash('sha256').update(log).digest('hex'), sums[rank])
  }
})

test('a console that nobody reads stops the ranks, not the launcher; nothing piles up and nothing is lost', async t => {
  const body = `
    const line = 'x'.repeat(999) + '\\n'
    for (let i = 0; i < 50_000; i++)
      if (!process.stdout.write(line)) await new Promise(resolve => process.stdout.once('drain', resolve))
  `
  const folder = temporaryFolder(t)
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const reader = '{ read -r go < "$1"; wc -c; }'
  spawnSync('mkfifo', [join(folder, 'go')])
  const shell = `go="$1"; shift; "$@" | ${reader.replace('$1', '$go')}`
  const words = [join(folder, 'go'), process.execPath, bin, '--quiet', script(folder, body)]
  const job = new Running('bash', ['-c', shell, 'bash', ...words])
  const rank = await job.rank(0)
  // Blocked for good: its output is neither read nor lost.
  await until('the rank to wait', () => (isWaiting(rank) ? true : undefined))
  for (const pid of job.processes('pporun.mjs'))
    assert.ok(residentMegabytes(pid) < 200, `${residentMegabytes(pid)} MB`)
  for (const pid of job.processes('agentmain'))
    assert.ok(residentMegabytes(pid) < 200, `${residentMegabytes(pid)} MB`)
  writeFileSync(join(folder, 'go'), 'go\n')
  const { stdout } = await job.ended
  assert.equal(stdout.trim(), '50000000')
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

/** Has written nothing for a quarter of a second. */
function isWaiting(pid: number): boolean {
  const written = () => /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]
  const before = written()
  spawnSync('sleep', ['0.25'])
  return Number(before) > 1e6 && written() === before
}

function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}
