/** Plans as the command prints them, from the files alone. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { pporun, run, script, temporaryFolder } from '../rig.ts'

const folder = join(checkout, 'hostfiles')

test('the examples in hostfiles/ are read, and print what they say', async t => {
  const names = readdirSync(folder).filter(name => name !== 'README.md')
  assert.ok(names.length >= 6)
  for (const name of names) {
    const commands = [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/^# {3}pporun (.*)\n# {3}= (.*)$/gm),
    ]
    assert.ok(commands.length > 0, `${name} shows no command`)
    for (const [, words, expected] of commands)
      await t.test(`${name}: pporun ${words}`, async () => {
        const { status, stdout, stderr } = await run(['--dry-run', ...words.split(' ')], { cwd: checkout })
        assert.deepEqual([status, stderr, stdout.split('\n')[0]], [0, '', expected])
      })
  }
})

test('the plan says who runs where, by what, with which devices', async t => {
  const hosts = join(temporaryFolder(t), 'hosts')
  writeFileSync(hosts, 'deep@a:4 port=22 gpus=0,2\nb[1-2] slots=2 gpus=4\nlocalhost gpus=none\n')
  const { status, stdout } = await run(['--dry-run', '--hostfile', hosts, 'train'])
  assert.equal(status, 0)
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    '9 ranks on 4 hosts, by slot',
    '  host              by     slots  ranks  GPUs',
    '  deep@a (port 22)  ssh    4      0-3    0,2, shared',
    '  b1                ssh    2      4-5    0-3, 2 each',
    '  b2                ssh    2      6-7    0-3, 2 each',
    '  localhost         local  1      8      none',
    'a: 4 ranks share 2 GPUs',
  ])
})

test('a Slurm allocation is the plan where no hostfile is given', async () => {
  const env = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-2],m', SLURM_TASKS_PER_NODE: '2(x2),1' }
  const { stdout } = await run(['--dry-run', 'train'], { env })
  assert.match(stdout, /^5 ranks on 3 hosts, by slot\n.*\n {2}n1 +slurm +2 +0-1 /)
  const local = await run(['--dry-run', '--launcher', 'local', '-np', '3', 'train'], { env })
  assert.match(local.stdout, /^3 ranks on 1 host, by slot\n.*\n.* local +3 +0-2 /)
  const copies = { ...env, SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '4' }
  const { status, stderr } = await run(['--dry-run', 'train'], { env: copies })
  assert.equal(status, 2)
  assert.match(stderr, /^pporun: srun has started 4 of this launcher; write srun pporun worker SCRIPT, or/)
})

test('hosts that cannot be had: one line, status 2', async t => {
  const hosts = join(temporaryFolder(t), 'hosts')
  writeFileSync(hosts, 'a slots=4\nb slots=2\n')
  const cases: [words: string, message: RegExp][] = [
    ['-np 8', /^pporun: 8 processes wanted, 6 slots: a=4 b=2; use --oversubscribe or add slots$/],
    ['-H c', /^pporun: -H c: is not in hostfile '.*hosts'$/],
    ['-H a:5', /^pporun: -H a:5: hostfile '.*hosts' gives it slots=4$/],
    ['--launcher local', /^pporun: --launcher local: 'a' is another machine$/],
    ['--launcher slurm', /^pporun: --launcher slurm: not inside a Slurm allocation/],
    ['--hostfile nowhere', /^pporun: cannot read hostfile 'nowhere': no such file$/],
  ]
  for (const [words, message] of cases) {
    const { status, stdout, stderr } = await run([
      '--hostfile',
      hosts,
      ...words.split(' '),
      '--dry-run',
      'train',
    ])
    assert.deepEqual([status, stdout], [2, ''], words)
    assert.match(stderr.trimEnd(), message)
  }
})

test('--check makes the checks of a start and starts no rank', async t => {
  const folder = temporaryFolder(t)
  const path = script(folder, `throw new Error('started')`)
  const job = pporun(['--check', '-np', '2', path], { cwd: folder })
  const { status, stdout, stderr } = await job.ended
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(
    stdout,
    /^2 ranks on 1 host, by slot\n(?:.*\n)+ready:\n {2}\S+ +Node v\d+\.\S+ +\d+ cores +(no GPU|GPUs \S+) +(no )?\/dev\/shm.* +\S+ open files +clock \+0\.0 ms\n$/,
  )
  assert.deepEqual(readdirSync(folder), ['script.ts'])
  await job.allGone(5)
  const missing = await run(['--check', '-H', 'no-such-host.invalid', path], { cwd: folder })
  assert.equal(missing.status, 2)
  assert.match(missing.stderr, /^pporun: .*no-such-host\.invalid/)
})
