import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/base/errors.ts'
import { gridOf } from '../../src/grid.ts'

test('every combination, the last option fastest; seeds from --seed on', () => {
  const grid = gridOf(['--learning-rate', '1e-3,1e-4', '--seed=5', '--gamma', '0.9'], 2, true)
  assert.deepEqual(
    grid.map(({ name }) => name),
    [
      'learning-rate=1e-3_seed=5',
      'learning-rate=1e-3_seed=6',
      'learning-rate=1e-4_seed=5',
      'learning-rate=1e-4_seed=6',
    ],
  )
  assert.deepEqual(grid[2].words, ['--learning-rate=1e-4', '--seed=5', '--gamma=0.9'])
  assert.deepEqual(grid[2].varied, { 'learning-rate': '1e-4', seed: '5' })
})

test('an option that takes a list varies when it is given again; a flag may vary too', () => {
  const words = ['--hidden', '64,64', '--hidden', '32', '--normalize-rewards=true,false', '--shared-trunk']
  const grid = gridOf(words, 1, true)
  assert.equal(grid.length, 4)
  assert.equal(grid[0].name, 'hidden=64,64_normalize-rewards=true')
  assert.deepEqual(grid[3].words, ['--hidden=32', '--normalize-rewards=false', '--shared-trunk=true'])
  assert.deepEqual(
    gridOf([], 1, true).map(({ name }) => name),
    ['run'],
  )
})

test('what any member would be refused for is refused before anything runs', () => {
  const refused: [words: string[], message: RegExp][] = [
    [['--learning-rate', '1e-3,fast'], /--learning-rate takes a number of at least 0, got 'fast'/],
    [['--learning-rate', '1e-3,,1e-4'], /--learning-rate needs a value/],
    [['--learning-rate', '1e-3,1e-3'], /--learning-rate has 1e-3 twice/],
    [['--batch-size', '256,100'], /--batch-size 100 does not divide/],
    [['--seed', '1,2'], /--seed 1,2 and --seeds 2: one or the other/],
    [['--laerning-rate', '1'], /did you mean --learning-rate\?/],
    [['stray'], /unexpected 'stray'/],
  ]
  for (const [words, message] of refused)
    assert.throws(
      () => gridOf(words, 2, true),
      (error: Error) => error instanceof UsageError && message.test(error.message),
      words.join(' '),
    )
})
