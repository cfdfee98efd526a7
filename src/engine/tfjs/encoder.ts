import type { Tensor4D } from '@tensorflow/tfjs-core'
import { convolutionsOf, type Encoder, type Stage, stagesOf } from '../encoder.ts'
import type { Tensor2D, Tf, Variable } from './backend.ts'

/** Convolutions in tensors, [n, obs] to [n, features]. @param variables weight, bias, weight, bias, ... */
export function encoderOf(
  tf: Tf,
  encoder: Encoder,
  variables: readonly Variable[],
): (observations: Tensor2D) => Tensor2D {
  const stages = stagesOf(encoder)
  const places = new Map(
    convolutionsOf(stages).map(({ name }, i) => [name, [variables[2 * i], variables[2 * i + 1]] as const]),
  )
  const through = (picture: Tensor4D, some: readonly Stage[]): Tensor4D =>
    some.reduce((x, stage) => {
      if (stage.type === 'relu') return tf.relu(x)
      if (stage.type === 'pool') return tf.maxPool(x, 3, 2, 'same')
      if (stage.type === 'residual') return tf.add(x, through(x, stage.stages))
      const [weight, bias] = places.get(stage.name)!
      // [out, in, height, width], as everywhere, to what TensorFlow takes.
      const filter = tf.transpose(weight as unknown as Tensor4D, [2, 3, 1, 0])
      return tf.add(tf.conv2d(x, filter, stage.stride, stage.same ? 'same' : 'valid'), bias)
    }, picture)
  return observations => {
    const features = tf.transpose(through(pictureOf(tf, encoder, observations), stages), [0, 3, 1, 2])
    return tf.reshape(features, [observations.shape[0], -1])
  }
}

/** [n, obs] to [n, H, W, C], scaled. */
function pictureOf(tf: Tf, encoder: Encoder, observations: Tensor2D): Tensor4D {
  const { order, frames, channels, height, width, scale } = encoder
  const [n] = observations.shape
  const scaled = scale === 1 ? observations : tf.mul(observations, scale)
  if (order === 'hwc') return tf.reshape(scaled, [n, height, width, channels])
  if (order === 'chw') {
    const planes = tf.reshape(scaled, [n, channels, height, width])
    return tf.transpose(planes as Tensor4D, [0, 2, 3, 1])
  }
  const stacked = tf.reshape(scaled, [n, frames, height, width, channels / frames])
  const frame = tf.transpose(stacked, [0, 2, 3, 1, 4])
  return tf.reshape(frame, [n, height, width, channels])
}
