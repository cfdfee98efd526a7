/** What people get wrong, through the real command: one line that says how to mend it, status 2, nothing left behind. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { run, temporaryFolder } from '../rig.ts'

// Far below every deadline of a start (60 s); on a busy machine nine Nodes alone take some.
const SECONDS = 15

/** The folder that each command runs in. */
const files = {
  'fine.ts': `import { train } from 'pporun'\nawait train({ totalSteps: 256 })\n`,
  'broken.ts': 'const a = 1\nconst b = = 2\n',
  'field.ts': `import { train } from 'pporun'\nawait train({ totalStep: 256 })\n`,
  'nan.ts': `import { train } from 'pporun'\nawait train({ gamma: NaN })\n`,
  'full/mine.txt': 'not empty',
  'empty/sub/x': '',
}

/** One of each kind, of each stage at which it is found: the words themselves are args.test.ts's and options.test.ts's. */
const cases: [words: string, message: RegExp][] = [
  ['-np 2 --tga-output fine.ts', /unknown option --tga-output; did you mean --tag-output\?/],
  ['--bogus fine.ts', /unknown option --bogus; see pporun --help/],
  ['train --toal-steps 10', /unknown option --toal-steps; did you mean --total-steps\?/],
  ['-np 2', /no script/],
  ['missing.ts', /script 'missing\.ts' does not exist/],
  [
    '-np 2 --on-failure shrink --min-np 3 train',
    /--min-np 3 is more than the ranks there are \(2\); use 2 or fewer/,
  ],
  ['full', /unknown command 'full'/],
  ['./full', /script '\.\/full' is not a file/],
  ['-np 0 train', /-np takes a whole number of at least 1, got '0'/],
  ['-np', /-np needs a value|no script/],
  ['--wdir nowhere train', /--wdir nowhere: no such folder/],
  ['-np 9 train', /9 ranks, but only 8 shards .*use -np 8 or fewer, or (--shards|--num-envs) \d+/],
  ['-np 3 train --num-envs 2 --batch-size 64', /3 ranks, but only 2 shards .*--num-envs \d+/],
  ['-np 2 --out new train --batch-size 100', /--batch-size 100 does not divide .* = 256 rows; use (64|128)/],
  ['train --shards 3', /--shards 3 must divide --num-envs 8 and --batch-size 256; use 2/],
  ['train --env CartPole-v2', /unknown environment 'CartPole-v2'; did you mean CartPole-v1\?/],
  ['train --seed x', /--seed takes a whole number of at least 0, got 'x'/],
  ['-np 2 train fine.ts', /unexpected 'fine\.ts' after the script/],
  ['field.ts', /unknown configuration field 'totalStep'; did you mean totalSteps\?/],
  ['nan.ts', /--gamma takes a number from 0 to 1, got 'NaN'/],
  ['--out /proc/pporun train', /--out \/proc\/pporun: cannot write/],
  ['--out full/mine.txt train', /--out full\/mine\.txt: is a file, not a folder/],
  ['--out full train', /--out full: is not empty/],
  ['--out full/mine.txt/run train', /--out full\/mine\.txt\/run: .*mine\.txt/],
  ['trian', /unknown command 'trian'; did you mean train\?/],
  ['evla run', /unknown command 'evla'; did you mean eval\?/],
  ['sweep', /no script: pporun sweep train/],
  ['sweep train --seeds 0', /--seeds takes a whole number of at least 1, got '0'/],
  ['sweep -np 3 --group 2 train', /--group 2 does not divide -np 3; use a multiple of 2/],
  ['sweep --out full train --seeds 2', /--out full: is not empty/],
  ['sweep train --learning-rate 1e-3,x', /--learning-rate takes a number of at least 0, got 'x'/],
  ['eval', /no run: pporun eval RUN/],
  ['eval nowhere', /nowhere: does not exist/],
  ['eval full', /full: holds no checkpoint/],
  ['eval full other', /unexpected 'other'/],
  ['eval full --episodse 3', /unknown option --episodse; did you mean --episodes\?/],
  ['eval full --episodes 0', /--episodes takes a whole number of at least 1, got '0'/],
]

// Most of the time goes to starting Node: two at a time.
describe('refused in one line', { concurrency: 2 }, () => {
  for (const [words, message] of cases)
    test(`pporun ${words}`, async t => {
      const stderr = await refused(t, words)
      const lines = stderr.trimEnd().split('\n')
      assert.equal(lines.length, 1, stderr)
      assert.match(lines[0], message)
    })
})

test('a script that cannot be read: where it is wrong', async t => {
  assert.match(await refused(t, '-np 2 broken.ts'), /broken\.ts:2:10/)
})

/** Runs it in a folder of its own. Returns what it printed on stderr. */
async function refused(t: TestContext, words: string): Promise<string> {
  const cwd = temporaryFolder(t)
  for (const name of ['full', 'empty/sub']) mkdirSync(join(cwd, name), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  const before = readdirSync(cwd, { recursive: true })
  const { status, stdout, stderr, seconds } = await run(words.split(' ').filter(Boolean), { cwd })
  assert.equal(stdout, '')
  assert.match(stderr, /^pporun: /)
  assert.equal(status, 2, stderr)
  assert.deepEqual(readdirSync(cwd, { recursive: true }), before)
  assert.ok(seconds < SECONDS, `${seconds} s`)
  return stderr
}
