/** An encoder for each key of a Dict: what is chosen, what is refused, what is normalised. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeActed, see } from '../../src/engine/heads/acted.ts'
import { keysFor, widthOf } from '../../src/engine/keys.ts'
import { layoutOf } from '../../src/engine/layout.ts'
import { makeEngine } from '../../src/engine/select.ts'
import { oddLayout } from './random.ts'

const parts = {
  speed: { shape: [3], scale: 1 },
  picture: { shape: [5, 6], scale: 1 / 255 },
  goal: { shape: [2], scale: 1 },
}

test('pictures take --encoder, others what is said of them', () => {
  assert.equal(keysFor(parts, 'none', null), null)
  const kinds = (words: string[] | null) =>
    keysFor(parts, 'small', words)!.map(({ encoder }) => encoder?.kind)
  assert.deepEqual(kinds(null), [undefined, 'small', undefined])
  assert.deepEqual(kinds(['speed=mlp:8x4', 'picture=none']), ['mlp', undefined, undefined])
  const keys = keysFor(parts, 'small', ['goal=mlp:8x4'])!
  assert.deepEqual(
    keys.map(({ first, size }) => [first, size]),
    [
      [0, 3],
      [3, 30],
      [33, 2],
    ],
  )
  assert.deepEqual(keys.map(widthOf), [3, 32 * 1 * 2, 4])
  const { tensors } = oddLayout({ observationSize: 35, keys })
  assert.deepEqual(
    tensors.slice(0, 9).map(({ name, shape }) => `${name} ${shape}`),
    [
      'encoder.picture.0.weight 16,1,3,3',
      'encoder.picture.0.bias 16',
      'encoder.picture.1.weight 32,16,3,3',
      'encoder.picture.1.bias 32',
      'encoder.goal.0.weight 8,2',
      'encoder.goal.0.bias 8',
      'encoder.goal.1.weight 4,8',
      'encoder.goal.1.bias 4',
      'actor.0.weight 7,71',
    ],
  )
})

test('unknown keys and encoders are named', () => {
  const refused = (word: string, message: RegExp) =>
    assert.throws(() => keysFor(parts, 'none', [word]), message)
  refused(
    'sped=mlp:8',
    /--key-encoders sped=mlp:8: observations have no key 'sped'; did you mean speed\? Known: speed, /,
  )
  refused('speed=big', /an encoder is one of none, small, nature, impala, mlp:64, mlp:64x64$/)
  refused('speed=small', /shape \[3\] are no pictures/)
  assert.throws(() => keysFor({}, 'none', ['a=none']), /--key-encoders a=none: observations are no Dict$/)
})

test('pictures keep their numbers where the others are normalised', () => {
  const { network } = oddLayout({ observationSize: 35, keys: keysFor(parts, 'small', null)! })
  const { observations } = makeActed(layoutOf(network), 2)
  const ofRows = Float32Array.from({ length: 70 }, (_, i) => i)
  const normalizer = { mean: new Float64Array(35).fill(1), scale: new Float64Array(35).fill(0.5), clip: 10 }
  see(ofRows, normalizer, observations, network.keys)
  assert.deepEqual([...observations.subarray(0, 5)], [-0.5, 0, 0.5, 3, 4])
  assert.deepEqual([...observations.subarray(32, 40)], [32, 10, 10, 10, 10, 10, 38, 39])
})

test('engines of ours say which have encoders', async () => {
  const layout = oddLayout({ observationSize: 35, keys: keysFor(parts, 'small', null)! })
  await assert.rejects(
    makeEngine('wasm', layout),
    /--engine wasm: the kernels have no encoders; use --engine auto/,
  )
})
