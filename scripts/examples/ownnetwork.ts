// A network of one's own, made of TensorFlow.js (npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0
// @tensorflow/tfjs-backend-wasm@4.22.0, or pporun doctor --install tfjs-node):
//   pporun -np 2 scripts/examples/ownnetwork.ts
import { evaluate, registerNetwork, train } from 'pporun'

// One layer that actor and critic share, normalised, and a head for each: [N, outputs] and [N, 1].
registerNetwork('Shared', (tf, { shape, outputs }) => {
  const inputs = tf.input({ shape: [...shape] })
  const dense = (units: number, gain: number) =>
    tf.layers.dense({ units, kernelInitializer: tf.initializers.orthogonal({ gain }) })
  const layers = [
    dense(64, 1.4),
    tf.layers.layerNormalization(),
    tf.layers.activation({ activation: 'tanh' }),
  ]
  const hidden = layers.reduce((x, layer) => layer.apply(x) as typeof inputs, inputs)
  const heads = [dense(outputs, 0.01), dense(1, 1)].map(head => head.apply(hidden) as typeof inputs)
  return tf.model({ inputs, outputs: heads })
})

const { folder } = await train({ env: 'CartPole-v1', network: 'Shared' })
console.log(await evaluate(folder, { episodes: 10 })) // `pporun eval` knows no network of this script
