import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRun, type RunArgs } from '../../launcher/args.ts'
import { launchOptions } from '../../launcher/launchoptions.ts'
import { UsageError } from '../../src/base/errors.ts'

test('-np is read as MPI users write it', () => {
  for (const words of [['-np', '8'], ['-np=8'], ['--np', '8'], ['--np=8'], ['-n', '8'], ['-n=8']]) {
    const { np, script, scriptArgs } = parseRun([...words, 'a.ts'])
    assert.deepEqual({ np, script, scriptArgs }, { np: 8, script: 'a.ts', scriptArgs: [] }, words.join(' '))
  }
})

test('what follows SCRIPT is the script’s, word for word', () => {
  const after = ['-np', '4', '--seed', '3', '-n', '2', '--tag-output', '--', '-x', 'stray', '--seed=', '']
  const parsed = parseRun(['--tag-output', '-np', '2', 'a.ts', ...after])
  assert.equal(parsed.np, 2)
  assert.equal(parsed.tagOutput, true)
  assert.deepEqual(parsed.scriptArgs, after)
})

test('without options: no number of ranks, and the defaults of the contract', () => {
  const expected: RunArgs = {
    np: null,
    hostfile: null,
    host: null,
    launcher: 'auto',
    mapBy: 'slot',
    oversubscribe: false,
    script: 'a.ts',
    scriptArgs: [],
    out: null,
    onFailure: 'abort',
    minNp: 1,
    allreduce: 'auto',
    opTimeout: 120,
    startTimeout: 60,
    timeout: null,
    transport: 'auto',
    security: 'curve',
    grace: 10,
    tagOutput: false,
    timestampOutput: false,
    quiet: false,
    verbose: false,
    timeline: false,
    dryRun: false,
    check: false,
    requireGpu: false,
    wdir: null,
    environment: {},
    ssh: ['ssh'],
    iface: null,
    portRange: null,
    requeue: false,
    faults: [],
  }
  assert.deepEqual(parseRun(['a.ts']), expected)
})

test('every option is read, also after a value that looks like an option’s name', () => {
  const words =
    '--out np --allreduce direct --security none --on-failure shrink --min-np 2 --wdir x -x A=1 -x B=x=y --op-timeout 1.5 --start-timeout=2 --timeout 3 --grace 4 --quiet --timeline --map-by node --oversubscribe --hostfile h -H a:2 --host b --launcher ssh --dry-run --check --require-gpu --timestamp-output --ssh=x --iface eth1 --port-range 1-65535 --requeue --fault rank=1,op=2,kind=delay,seconds=0.5 -np 3'
  const parsed = parseRun([...words.split(' '), 'a.ts'])
  assert.deepEqual(parsed, {
    np: 3,
    hostfile: 'h',
    host: 'a:2,b',
    launcher: 'ssh',
    mapBy: 'node',
    oversubscribe: true,
    script: 'a.ts',
    scriptArgs: [],
    out: 'np',
    transport: 'auto',
    security: 'none',
    onFailure: 'shrink',
    minNp: 2,
    allreduce: 'direct',
    opTimeout: 1.5,
    startTimeout: 2,
    timeout: 3,
    grace: 4,
    tagOutput: false,
    timestampOutput: true,
    quiet: true,
    verbose: false,
    timeline: true,
    dryRun: true,
    check: true,
    requireGpu: true,
    wdir: 'x',
    environment: { A: '1', B: 'x=y' },
    ssh: ['x'],
    iface: 'eth1',
    portRange: [1, 65_535],
    requeue: true,
    faults: [{ rank: 1, update: null, op: 2, kind: 'delay', seconds: 0.5 }],
  })
})

test('of an option given twice the last counts', () => {
  assert.equal(parseRun(['-np', '2', '-np', '3', 'a.ts']).np, 3)
  assert.equal(parseRun(['--out', 'a', '--out', 'b', 'a.ts']).out, 'b')
})

test('a value that is not what the option takes is refused', () => {
  const bad: [words: string, message: RegExp][] = [
    ['--quiet --verbose', /--quiet and --verbose: one or the other/],
    ['-np 0', /^-np takes a whole number of at least 1, got '0'$/],
    ['-np -1', /^-np takes a whole number of at least 1, got '-1'$/],
    ['-np x', /^-np takes a whole number of at least 1, got 'x'$/],
    ['-np 2.5', /^-np takes a whole number of at least 1, got '2.5'$/],
    ['-np 1e3', /^-np takes a whole number/],
    ['-np=', /^-np needs a value$/],
    ['--out=', /^--out needs a value$/],
    ['--wdir=', /^--wdir needs a value$/],
    ['--op-timeout 0', /^--op-timeout takes a number of seconds above 0, got '0'$/],
    ['--op-timeout soon', /^--op-timeout takes a number of seconds above 0, got 'soon'$/],
    ['--start-timeout 1s', /^--start-timeout takes a number of seconds/],
    ['--timeout -3', /^--timeout takes a number of seconds above 0, got '-3'$/],
    ['--iface 10.0.0.0/99', /^--iface takes an interface's name or a network such as .* got '10.0.0.0\/99'$/],
    ['--iface 10.0.0.0/8/1', /^--iface takes/],
    ['--iface fd00::/129', /^--iface takes/],
    ['--port-range 5-3', /^--port-range takes A-B, two ports of 1 to 65535, got '5-3'$/],
    ['--grace Infinity', /^--grace takes a number of seconds/],
    [
      '--allreduce rnig',
      /^--allreduce takes auto, ring, direct, hierarchical or star, got 'rnig'; did you mean ring\?$/,
    ],
    ['--allreduce tree', /^--allreduce takes auto, ring, direct, hierarchical or star, got 'tree'$/],
    ['--allreduce=', /^--allreduce needs a value$/],
    ['-x =1', /^-x takes NAME or NAME=VALUE, got '=1'$/],
  ]
  for (const [words, message] of bad) refuses([...words.split(' '), 'a.ts'], message)
})

test('an option without its value is refused', () => {
  refuses(['--timeout', '--quiet', 'a.ts'], /^--timeout needs a value$/)
  refuses(['--out', '-np', '2', 'a.ts'], /^--out needs a value$/)
  refuses(['-np', '--quiet', 'a.ts'], /^-np needs a value$/)
  refuses(['-x', '--quiet', 'a.ts'], /^-x (needs a value|takes NAME)/)
})

test('-x takes nothing but NAME and NAME=VALUE', () => {
  for (const word of ['8', '1e3', '=']) refuses(['-x', word, 'a.ts'], /^-x takes NAME or NAME=VALUE, got/)
  assert.deepEqual(parseRun(['-x', 'A=', 'a.ts']).environment, { A: '' })
})

test('a switch takes no value', () => {
  refuses(['--quiet=maybe', 'a.ts'], /^--quiet takes no value/)
})

test('an unknown option before SCRIPT is named, with the nearest', () => {
  refuses(['--tga-output', 'a.ts'], /^unknown option --tga-output; did you mean --tag-output\?$/)
  refuses(['--timout', '3', 'a.ts'], /^unknown option --timout; did you mean --timeout\?$/)
  refuses(['--np8', 'a.ts'], /^unknown option --np8; did you mean --np\?$/)
  refuses(['--learning-rate', '1', 'a.ts'], /^unknown option --learning-rate; see pporun --help all$/)
  refuses(['--no-quiet', 'a.ts'], /^unknown option --no-quiet/)
})

test('a name that every JavaScript object knows is unknown too', () => {
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
    refuses([`--${name}`, 'a.ts'], new RegExp(`^unknown option --${name}`))
})

test('no script is an error that shows how', () => {
  for (const words of [[], ['-np', '2'], ['--quiet']]) refuses(words, /^no script: pporun -np 2 train\.ts/)
})

test('any words give arguments or a UsageError', () => {
  const option = fc.constantFrom(...Object.keys(launchOptions).flatMap(name => [`--${name}`, `-${name}`]))
  const value = fc.constantFrom('8', '0', '-1', 'x', '', '=', 'A=1', '--', '-', '1e9', 'a.ts')
  const word = fc.oneof(
    option,
    value,
    fc.tuple(option, value).map(pair => pair.join('=')),
    fc.string(),
  )
  const check = (words: string[]) => {
    try {
      const { np, script, opTimeout } = parseRun(words)
      assert.ok(np === null || (Number.isInteger(np) && np >= 1))
      assert.ok(typeof script === 'string' && opTimeout > 0)
    } catch (error) {
      assert.ok(error instanceof UsageError, `${JSON.stringify(words)}: ${(error as Error).stack}`)
    }
  }
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), check), { numRuns: 500 })
})

test('what is after SCRIPT never changes what is read before it', () => {
  const after = fc.array(fc.oneof(fc.string(), fc.constantFrom('-np', '--np=3', '-n', '--out', '--', '-x')))
  fc.assert(
    fc.property(after, words => {
      const { np, scriptArgs } = parseRun(['-np', '2', '--out', 'o', 'a.ts', ...words])
      assert.equal(np, 2)
      assert.deepEqual(scriptArgs, words)
    }),
  )
})

function refuses(words: string[], message: RegExp): void {
  assert.throws(
    () => parseRun(words),
    (error: Error) => {
      assert.ok(error instanceof UsageError, `${words.join(' ')}: ${error.stack}`)
      assert.match(error.message, message, words.join(' '))
      return true
    },
  )
}
