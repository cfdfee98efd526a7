import type { Key } from '../keys.ts'
import { type Activation, type Layout, type Part, tensorsOf } from '../layout.ts'
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
type Activations = readonly (Activation | null)[]

/** The network that a layout describes; its parameters are set later. */
export function networkOf(tf: Tf, layout: Layout): TfjsNetwork {
  const { hidden, activation, sharedTrunk } = layout.network
  const places = layout.tensors.filter(({ name }) => name !== 'log_std')
  const made = new Map(places.map(place => [place, tf.variable(tf.zeros([...place.shape]))]))
  const variablesOf = (part: Part) => tensorsOf(layout, part).map(place => made.get(place)!)
  const all = hidden.map(() => activation)
  const head: Activations = sharedTrunk ? [null] : [...all, null]
  const encode = encoding(tf, layout.network, variablesOf)
  const trunk = mlp(tf, variablesOf('trunk'), sharedTrunk ? all : [])
  const actor = mlp(tf, variablesOf('actor'), head)
  const critic = mlp(tf, variablesOf('critic'), head)
  return {
    variables: [...made.values()],
    initial: null,
    forward: observations => {
      const seen = trunk(encode(observations))
      return tf.concat2d([actor(seen), critic(seen)], 1)
    },
  }
}

/** What comes before dense layers: convolutions, or what each key's encoder gives, side by side. */
function encoding(
  tf: Tf,
  { encoder, keys, activation }: Layout['network'],
  variablesOf: (part: Part) => Variable[],
): Layer {
  if (encoder) return encoderOf(tf, encoder, variablesOf('encoder'))
  if (!keys) return x => x
  const branches = keys.map(key => branch(tf, key, variablesOf(`encoder.${key.name}`), activation))
  return x => {
    const parts = branches.map(part => part(x))
    return tf.concat2d(parts, 1)
  }
}

/** A key's own numbers, through its encoder if it has one. */
function branch(
  tf: Tf,
  { first, size, encoder }: Key,
  variables: readonly Variable[],
  activation: Activation,
): Layer {
  const own: Layer = x => tf.slice(x, [0, first], [x.shape[0], size])
  if (!encoder) return own
  const encode =
    encoder.kind === 'mlp'
      ? mlp(tf, variables, Array(encoder.hidden.length).fill(activation))
      : encoderOf(tf, encoder, variables)
  return x => encode(own(x))
}

/** Dense layers one after another. @param variables weight, bias, weight, bias, ... */
function mlp(tf: Tf, variables: readonly Variable[], activations: Activations): Layer {
  const layers = activations.map((f, i) => dense(tf, variables[2 * i], variables[2 * i + 1], f))
  return x => layers.reduce((seen, layer) => layer(seen), x)
}

/** y = f(x W^T + b); W is [out, in]. */
function dense(tf: Tf, weight: Variable, bias: Variable, activation: Activation | null): Layer {
  return x => {
    const sum = tf.add(tf.matMul(x, weight as unknown as Tensor2D, false, true), bias) as Tensor2D
    return activation ? tf[activation](sum) : sum
  }
}
