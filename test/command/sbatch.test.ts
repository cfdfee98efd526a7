/** Slurm batch scripts: those that `pporun sbatch` writes, and those in scripts/slurm. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { run, script, temporaryFolder } from '../rig.ts'

const bash = (path: string) => spawnSync('bash', ['-n', path], { encoding: 'utf8' }).stderr

test('pporun sbatch writes a script that bash and Slurm can read, with the words of the command', async t => {
  const cwd = temporaryFolder(t)
  script(cwd, '', 'my train.ts')
  const words =
    '--nodes 4 --ntasks-per-node 16 --gpus-per-node 4 --time 1-2:00:00 --partition gpu --account a.b --requeue'
  const mine = ['my train.ts', '--seed', '3', `it's`]
  const { status, stdout } = await run(['sbatch', ...words.split(' '), '--job-name', 'mine', ...mine], {
    cwd,
  })
  assert.deepEqual([status, stdout], [0, 'wrote mine.sbatch; start it with: sbatch mine.sbatch\n'])
  const text = readFileSync(join(cwd, 'mine.sbatch'), 'utf8')
  assert.equal(bash(join(cwd, 'mine.sbatch')), '')
  assert.match(text, /^#!\/bin\/bash\n(#SBATCH --[a-z-]+(=\S+)?\n)+\n/)
  for (const line of [
    'nodes=4',
    'ntasks-per-node=16',
    'gpus-per-node=4',
    'time=1-2:00:00',
    'partition=gpu',
    'requeue',
    'signal=B:USR1@60',
    'job-name=mine',
  ])
    assert.ok(text.includes(`#SBATCH --${line}\n`), line)
  // What the shell makes of the last line.
  const exec = text
    .trimEnd()
    .split('\n')
    .at(-1)!
    .replace(/^exec node/, `printf '%s\\n'`)
  const env = { ...process.env, SLURM_JOB_ID: '77' }
  const seen = spawnSync('bash', ['-c', exec], { encoding: 'utf8', env }).stdout.trimEnd().split('\n')
  assert.deepEqual(seen.slice(1), ['--requeue', '--out', 'runs/mine-77', ...mine])
  assert.equal(seen[0], join(checkout, 'launcher', 'pporun.mjs'))
})

test('a file is not written over, a script must be there, a value must be one that Slurm takes', async t => {
  const cwd = temporaryFolder(t)
  script(cwd, '', 'a.ts')
  writeFileSync(join(cwd, 'a.sbatch'), 'mine')
  const cases: [words: string, message: RegExp][] = [
    ['a.ts', /^pporun: -o a\.sbatch: exists; name another, or --force$/],
    ['b.ts', /^pporun: script 'b\.ts' does not exist/],
    ['--nodes 0 a.ts', /^pporun: --nodes takes a whole number of at least 1/],
    ['--time soon a.ts', /^pporun: --time takes minutes, or hours:minutes:seconds, got 'soon'$/],
    ['--partition $(id) a.ts', /^pporun: --partition takes one word/],
    ['--nodse 2 a.ts', /^pporun: unknown option --nodse; did you mean --nodes\?/],
    ['', /^pporun: no script: pporun sbatch/],
  ]
  for (const [words, message] of cases) {
    const { status, stderr } = await run(['sbatch', ...words.split(' ').filter(Boolean)], { cwd })
    assert.equal(status, 2, words)
    assert.match(stderr.trimEnd(), message)
  }
  assert.equal(readFileSync(join(cwd, 'a.sbatch'), 'utf8'), 'mine')
  const { stdout } = await run(['sbatch', '-o', '-', 'train'], { cwd })
  assert.match(stdout, /^#!\/bin\/bash\n/)
})

test('the scripts in scripts/slurm: bash reads them, pporun takes their words', async t => {
  const folder = join(checkout, 'scripts', 'slurm')
  const names = readdirSync(folder).filter(name => name.endsWith('.sbatch'))
  assert.ok(names.length >= 5)
  for (const name of names) {
    assert.equal(bash(join(folder, name)), '', name)
    const text = readFileSync(join(folder, name), 'utf8')
    const nodes = Number(/^#SBATCH --nodes=(\d+)/m.exec(text)?.[1])
    const tasks = Number(/^#SBATCH --ntasks-per-node=(\d+)/m.exec(text)?.[1])
    // The same script with --dry-run, in an allocation of its own size.
    const dry = join(temporaryFolder(t), name)
    writeFileSync(dry, text.replace(/exec node \S+/, '$& --dry-run'))
    const slurm = {
      SLURM_SUBMIT_DIR: checkout,
      SLURM_JOB_ID: '7',
      SLURM_JOB_NODELIST: nodes === 1 ? 'n1' : `n[1-${nodes}]`,
      SLURM_TASKS_PER_NODE: nodes === 1 ? `${tasks}` : `${tasks}(x${nodes})`,
      SLURM_ARRAY_JOB_ID: '7',
      SLURM_ARRAY_TASK_ID: '2',
    }
    const { status, stdout, stderr } = spawnSync('bash', [dry], {
      env: { ...process.env, ...slurm },
      encoding: 'utf8',
    })
    assert.equal(status, 0, `${name}: ${stderr}`)
    assert.match(stdout, new RegExp(`^${nodes * tasks} ranks on ${nodes} hosts?, by slot\n`), name)
  }
})
