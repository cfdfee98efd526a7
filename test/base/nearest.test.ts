import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/base/nearest.ts'

const options = ['num-envs', 'num-steps', 'learning-rate', 'seed', 'np']

test('finds a replaced, missing, additional or swapped letter, and does not mind case', () => {
  assert.equal(nearest('num-emvs', options), 'num-envs')
  assert.equal(nearest('leaning-rate', options), 'learning-rate')
  assert.equal(nearest('seeed', options), 'seed')
  assert.equal(nearest('pn', options), 'np')
  assert.equal(nearest('NUM-STEPS', options), 'num-steps')
})

test('takes the nearest, and of equals the first', () => {
  assert.equal(nearest('num-ens', options), 'num-envs')
  assert.equal(nearest('cat', ['bat', 'rat']), 'bat')
})

test('finds nothing where nothing is close', () => {
  for (const word of ['', 'x', 'gamma', 'environment', 'rate'])
    assert.equal(nearest(word, options), undefined)
  assert.equal(nearest('seed', []), undefined)
})
