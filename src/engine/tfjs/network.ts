import type { Key } from '../keys.ts'
import { type Activation, type Layout, type Part, type Tensor as Place, tensorsOf } from '../layout.ts'
import type { Tensor2D, Tf, Variable } from './backend.ts'
import { encoderOf } from './encoder.ts'

/** A policy and a value function in tensors. */
export interface TfjsNetwork {
  /** Every tensor of the layout but log_std, which the host sees to, in its order. */
  readonly variables: readonly Variable[]
  /** What training begins with, where the network says so itself, [P]. */
  readonly initial: Float32Array | null
  /** [n, obs] to [n, outputs + 1]: the policy's logits or means, and V. */
  forward(observations: Tensor2D): Tensor2D
}

type Layer = (x: Tensor2D) => Tensor2D

/** The network that a layout describes; its parameters are set later. */
export function networkOf(tf: Tf, layout: Layout): TfjsNetwork {
  const { encoder, keys, hidden, activation } = layout.network
  const made = new Map<Place, Variable>()
  const variableOf = (place: Place): Variable => {
    const known = made.get(place) ?? tf.variable(tf.zeros([...place.shape]))
    made.set(place, known)
    return known
  }
  const variablesOf = (part: Part) => tensorsOf(layout, part).map(variableOf)
  const mlp = (part: Part, activations: readonly (Activation | null)[]): Layer => {
    const tensors = variablesOf(part)
    const layers = activations.map((f, i) => dense(tf, tensors[2 * i], tensors[2 * i + 1], f))
    return x => layers.reduce((seen, layer) => layer(seen), x)
  }
  const all = hidden.map(() => activation)
  const shared = layout.network.sharedTrunk
  const branchOf = ({ name, first, size, encoder }: Key): Layer => {
    const part = `encoder.${name}` as const
    const encode =
      encoder?.kind === 'mlp'
        ? mlp(
            part,
            encoder.hidden.map(() => activation),
          )
        : encoder && encoderOf(tf, encoder, variablesOf(part))
    return x => {
      const own = tf.slice(x, [0, first], [x.shape[0], size])
      return encode ? encode(own) : own
    }
  }
  const branches = (keys ?? []).map(branchOf)
  const encode: Layer | null = keys
    ? x =>
        tf.concat2d(
          branches.map(branch => branch(x)),
          1,
        )
    : encoder
      ? encoderOf(tf, encoder, variablesOf('encoder'))
      : null
  const trunk = mlp('trunk', shared ? all : [])
  const actor = mlp('actor', shared ? [null] : [...all, null])
  const critic = mlp('critic', shared ? [null] : [...all, null])
  return {
    variables: layout.tensors.filter(({ name }) => name !== 'log_std').map(variableOf),
    initial: null,
    forward: observations => {
      const seen = trunk(encode ? encode(observations) : observations)
      return tf.concat2d([actor(seen), critic(seen)], 1)
    },
  }
}

/** y = f(x W^T + b); W is [out, in]. */
function dense(tf: Tf, weight: Variable, bias: Variable, activation: Activation | null): Layer {
  return x => {
    const sum = tf.add(tf.matMul(x, weight as unknown as Tensor2D, false, true), bias) as Tensor2D
    return activation ? tf[activation](sum) : sum
  }
}
