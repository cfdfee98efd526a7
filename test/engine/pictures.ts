/** Networks with convolutions, for the suites of engines that have them. */
import type { Encoder } from '../../src/engine/encoder.ts'
import { encoderFor } from '../../src/engine/encoder.ts'
import { initialParameters } from '../../src/engine/init.ts'
import type { Layout, Network } from '../../src/engine/layout.ts'
import { gaussian } from './random.ts'

const network = (kind: Encoder['kind'], shape: number[], scale = 1): Partial<Network> => ({
  observationSize: shape.reduce((product, length) => product * length),
  encoder: encoderFor(kind, shape, scale),
  activation: 'relu',
})

/** Between them every stage, order of pictures and kind of head. */
export const pictures: [string, Partial<Network>][] = [
  ['small, one plane', { ...network('small', [6, 7]), sharedTrunk: true }],
  ['small, pixels', network('small', [6, 5, 3], 1 / 4)],
  ['small, a stack of planes', { ...network('small', [2, 5, 6]), distribution: 'gaussian' }],
  ['small, a stack of colours, no hidden layer', { ...network('small', [2, 5, 6, 3]), hidden: [] }],
  ['nature', { ...network('nature', [36, 40]), sharedTrunk: true }],
  ['impala', { ...network('impala', [4, 5, 3]), sharedTrunk: true }],
]

/** With encoders for keys of a Dict, which some engines have. */
export const dicts: [string, Partial<Network>][] = [
  [
    'a Dict of a picture, a vector and an encoded vector',
    {
      observationSize: 2 + 5 * 6 + 3,
      keys: [
        { name: 'plain', first: 0, size: 2, encoder: null },
        { name: 'picture', first: 2, size: 30, encoder: encoderFor('small', [5, 6], 1 / 2) },
        { name: 'speed', first: 32, size: 3, encoder: { kind: 'mlp', hidden: [6, 4] } },
      ],
    },
  ],
]

/** Activations keep their size through any number of layers; biases are not zero. */
export function tameParameters(layout: Layout): Float32Array {
  const noise = gaussian(layout.size, 8)
  return initialParameters(layout, 7).map((x, i) => Math.round((x + 0.05 * noise[i]) * 4096) / 4096)
}
