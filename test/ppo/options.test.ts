import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsageError } from '../../src/base/errors.ts'
import { resolveConfig, type TrainOptions } from '../../src/options.ts'
import { optionOf } from '../../src/ppo/check.ts'
import { defaultConfig } from '../../src/ppo/config.ts'
import { fields } from '../../src/ppo/fields.ts'
import { presets } from '../../src/ppo/presets.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'

test('defaults, below the preset, below the script, below the command line', () => {
  const config = resolveConfig({ gamma: 0.9, seed: 5 }, ['--seed', '6'])
  assert.equal(config.vfCoef, 1) // CartPole's preset
  assert.equal(config.gamma, 0.9)
  assert.equal(config.seed, 6)
  assert.equal(config.maxGradNorm, defaultConfig().maxGradNorm)
})

test('every field can be given on the command line and reads back', () => {
  const words = Object.entries(fields).flatMap(([name, { kind }]) => [
    optionOf(name),
    example(kind.type, kind),
  ])
  const config = resolveConfig({}, words)
  assert.equal(config.learningRate, 0.5)
  assert.deepEqual(config.hidden, [7, 7])
  assert.equal(config.activation, 'elu')
  assert.equal(config.targetKl, 0.5)
})

test('scientific notation, comma lists and = all work', () => {
  const config = resolveConfig({}, ['--learning-rate=3e-4', '--hidden', '32,16', '--ent-coef', '0'])
  assert.equal(config.learningRate, 3e-4)
  assert.deepEqual(config.hidden, [32, 16])
  assert.equal(config.entCoef, 0)
})

test('a flag stands alone, takes true or false, and is turned off by --no-', () => {
  const given = (...words: string[]) => resolveConfig({}, words).normalizeRewards
  assert.equal(given(), false)
  for (const on of [['--normalize-rewards'], ['--normalize-rewards', 'true'], ['--normalize-rewards=true']])
    assert.equal(given(...on), true)
  const acrobat = ['--env', 'Acrobot-v1'] // whose preset has it on
  assert.equal(given(...acrobat), true)
  for (const off of [['--no-normalize-rewards'], ['--normalize-rewards', 'false']])
    assert.equal(given(...acrobat, ...off), false)
  assert.throws(() => given('--normalize-rewards=maybe'), /--normalize-rewards takes true or false/)
  assert.throws(() => given('--normalize-rewards', 'maybe'), /unexpected 'maybe'/)
  assert.throws(() => given('--no-seed'), UsageError)
})

test('what may be off is turned off by that word', () => {
  const config = resolveConfig({}, ['--clip-coef', 'off', '--target-kl', 'off', '--shards', 'auto'])
  assert.deepEqual([config.clipCoef, config.targetKl, config.shards], [null, null, null])
  assert.throws(() => resolveConfig({}, ['--gamma', 'off']), /--gamma takes a number from 0 to 1, got 'off'/)
  assert.throws(() => resolveConfig({}, ['--clip-coef', 'no']), /--clip-coef takes .*, or off, got 'no'/)
})

test("every preset is a configuration that can be cut; an environment's own has at least 8 environments", () => {
  for (const [name, preset] of Object.entries(presets)) {
    const config = resolveConfig({}, ['--preset', name])
    assert.deepEqual(config, { ...defaultConfig(), ...preset })
    const { numShards } = sizesOf(config)
    if (name === config.env) assert.ok(config.numEnvs >= 8 && numShards >= 8, name)
  }
})

test("CleanRL's preset keeps its numbers", () => {
  const { numEnvs, numSteps, batchSize, updateEpochs } = resolveConfig({}, ['--preset', 'cleanrl'])
  assert.deepEqual([numEnvs, numSteps, (numEnvs * numSteps) / batchSize, updateEpochs], [4, 128, 4, 4])
})

test('argv: false leaves the command line alone', () => {
  assert.equal(resolveConfig({ argv: false, seed: 2 }, ['--seed', '9', '--nonsense']).seed, 2)
})

test('a preset by name brings its environment; an unknown one is refused with the nearest', () => {
  assert.deepEqual(resolveConfig({}, ['--preset', 'CartPole-v1']), {
    ...defaultConfig(),
    ...presets['CartPole-v1'],
  })
  assert.throws(() => resolveConfig({}, ['--preset', 'CartPole']), /unknown preset 'CartPole'.*CartPole-v1/)
})

test('what a script says wrongly is refused like the command line', () => {
  const refused = (options: object, pattern: RegExp) =>
    assert.throws(
      () => resolveConfig(options as TrainOptions, []),
      error => error instanceof UsageError && pattern.test(error.message),
    )
  refused({ learningrate: 1 }, /unknown configuration field 'learningrate'; did you mean learningRate\?/)
  refused({ gamma: 2 }, /--gamma takes a number from 0 to 1, got '2'/)
  refused({ seed: 1.5 }, /--seed takes a whole number of at least 0, got '1.5'/)
  refused({ seed: null }, /--seed/)
  refused({ hidden: ['64'] }, /--hidden/)
})

test('a value that is not what the option takes is refused', () => {
  const bad: [words: string, message: RegExp][] = [
    ['--bogus', /^unknown option --bogus; see pporun --help/],
    ['--toString 1', /^unknown option --toString/],
    ['--preset CartPole', /^unknown preset 'CartPole'; did you mean CartPole-v1\?/],
    ['--preset toString', /^unknown preset 'toString'/],
    ['--seed x', /^--seed takes a whole number of at least 0, got 'x'$/],
    ['--seed -1', /^--seed takes a whole number of at least 0, got '-1'$/],
    ['--seed', /^--seed needs a value$/],
    ['--seed=', /^--seed needs a value$/],
    ['--learning-rate fast', /^--learning-rate takes a number of at least 0, got 'fast'$/],
    ['--gamma 1.5', /^--gamma takes a number from 0 to 1, got '1.5'$/],
    ['--hidden 64,x', /^--hidden takes whole numbers separated by commas/],
    ['--hidden 64,', /^--hidden takes whole numbers separated by commas/],
    ['--hidden 0', /^--hidden takes whole numbers separated by commas/],
    ['--lr-schedule cosine', /^--lr-schedule takes one of linear, constant, kl, got 'cosine'$/],
    ['--engine cuda', /^--engine takes one of .*, got 'cuda'$/],
    ['stray', /^unexpected 'stray' after the script$/],
  ]
  for (const [words, message] of bad)
    assert.throws(
      () => resolveConfig({}, words.split(' ')),
      error => error instanceof UsageError && message.test(error.message),
      words,
    )
})

test('any words give a configuration or a UsageError', () => {
  const words = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom('--seed', '--hidden', '--', '-', '--no-seed', '--seed=', '3', '1e9'),
    ),
  )
  fc.assert(
    fc.property(words, given => {
      try {
        resolveConfig({}, given)
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error))
      }
    }),
  )
})

function example(type: string, kind: object): string {
  if (type === 'choice') return (kind as { choices: string[] }).choices.at(-1)!
  const number = String(Math.max((kind as { least?: number }).least ?? 0, 0.5))
  return { text: 'CartPole-v1', flag: 'true', whole: '7', number, wholes: '7,7', names: 'a,b' }[type]!
}
