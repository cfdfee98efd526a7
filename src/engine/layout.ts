import { STATISTICS } from '../base/statistics.ts'
import { convolutionsOf, type Encoder, featuresOf, stagesOf } from './encoder.ts'
import { type Key, widthOf } from './keys.ts'

/** A policy and a value function over the same observation. */
export interface Network {
  observationSize: number
  /** Absent: the hidden layers see observations as they are. Actor and critic share it. */
  encoder?: Encoder | null
  /** Of a Dict of which a key has an encoder, in place of `encoder`; what they give is taken together, in this order. */
  keys?: readonly Key[] | null
  /** Widths of the hidden layers. */
  hidden: readonly number[]
  activation: Activation
  /** false: actor and critic are networks of their own; true: their heads sit on one trunk of hidden layers. */
  sharedTrunk: boolean
  /** Discrete actions; or vectors, from a diagonal Gaussian whose log_std is one vector for all observations. */
  distribution: 'categorical' | 'gaussian'
  /** Number of discrete actions, a logit each; or length of an action vector, a mean each. */
  numActions: number
  /** Present: a network that a script has registered, for which hidden layers and encoder do not count. */
  own?: OwnNetwork
}

export interface OwnNetwork {
  name: string
  /** Of an observation. */
  shape: readonly number[]
  /** Of a Dict, of each key's. */
  shapes: Readonly<Record<string, readonly number[]>>
}

export type Part = 'encoder' | `encoder.${string}` | 'trunk' | 'actor' | 'critic'

export type Activation = 'tanh' | 'relu' | 'elu'

/** One weight [out, in] or [out, in, height, width] (row-major), bias [out] or log_std [numActions] inside the flat parameter vector. */
export interface Tensor {
  name: string
  shape: readonly number[]
  offset: number
  size: number
}

/** Where each tensor lies in the one flat parameter vector; also the order of gradients, moments and checkpoints. */
export interface Layout {
  network: Network
  tensors: readonly Tensor[]
  /** P, the number of parameters. */
  size: number
}

/**
 * The encoder's convolutions (of a Dict's key `picture`: `encoder.picture.0.weight`), the actor's layers, then the critic's, then log_std; names and shapes as in a PyTorch state dict. Separate
 * networks: `actor.0.weight` first; a shared trunk: `trunk.0.weight`, ..., `actor.weight`, ..., `critic.bias`.
 */
export function layoutOf(network: Network): Layout {
  const { encoder, keys, hidden, sharedTrunk, numActions } = network
  if (network.own) return layoutWith(network, []) // only its engine knows more
  const tensors: Tensor[] = []
  if (encoder) appendConvolutions(tensors, encoder, 'encoder')
  for (const { name, size, encoder } of keys ?? [])
    if (encoder?.kind === 'mlp') appendMlp(tensors, `encoder.${name}`, [size, ...encoder.hidden])
    else if (encoder) appendConvolutions(tensors, encoder, `encoder.${name}`)
  const widths = [inputsOf(network), ...hidden]
  if (sharedTrunk) {
    appendMlp(tensors, 'trunk', widths)
    appendDense(tensors, 'actor', widths.at(-1)!, numActions)
    appendDense(tensors, 'critic', widths.at(-1)!, 1)
  } else {
    appendMlp(tensors, 'actor', [...widths, numActions])
    appendMlp(tensors, 'critic', [...widths, 1])
  }
  return layoutWith(network, tensors)
}

/** A network that has these tensors, and log_std behind them where there is one. */
export function layoutWith(network: Network, parameters: readonly Pick<Tensor, 'name' | 'shape'>[]): Layout {
  const tensors: Tensor[] = []
  for (const { name, shape } of parameters) append(tensors, name, [...shape])
  if (network.distribution === 'gaussian') append(tensors, 'log_std', [network.numActions])
  return { network, tensors, size: endOf(tensors) }
}

/** Numbers that the first hidden layer sees. */
function inputsOf({ observationSize, encoder, keys }: Network): number {
  if (keys) return keys.reduce((sum, key) => sum + widthOf(key), 0)
  return encoder ? featuresOf(encoder) : observationSize
}

/** Numbers that describe the distribution over actions in one row: logits; or means, then log_stds. */
export function distributionSize({ distribution, numActions }: Network): number {
  return distribution === 'categorical' ? numActions : 2 * numActions
}

/** Numbers in one action: 1, or the length of a vector. */
export function actionSize({ distribution, numActions }: Network): number {
  return distribution === 'categorical' ? 1 : numActions
}

/** Numbers in a shard's slot: its statistics, and a magnitude per tensor. */
export function slotLength({ tensors }: Layout): number {
  return STATISTICS + tensors.length
}

function appendConvolutions(tensors: Tensor[], encoder: Encoder, prefix: string): void {
  for (const [i, { kernel, from, to }] of convolutionsOf(stagesOf(encoder)).entries()) {
    const name = `${prefix}.${i}`
    append(tensors, `${name}.weight`, [to.channels, from.channels, kernel, kernel])
    append(tensors, `${name}.bias`, [to.channels])
  }
}

function appendMlp(tensors: Tensor[], network: string, widths: number[]): void {
  for (let layer = 0; layer + 1 < widths.length; layer++)
    appendDense(tensors, `${network}.${layer}`, widths[layer], widths[layer + 1])
}

function appendDense(tensors: Tensor[], layer: string, inputs: number, outputs: number): void {
  append(tensors, `${layer}.weight`, [outputs, inputs])
  append(tensors, `${layer}.bias`, [outputs])
}

function append(tensors: Tensor[], name: string, shape: number[]): void {
  const size = shape.reduce((product, length) => product * length, 1)
  tensors.push({ name, shape, offset: endOf(tensors), size })
}

function endOf(tensors: Tensor[]): number {
  const last = tensors.at(-1)
  return last ? last.offset + last.size : 0
}

/** The tensors of 'encoder', 'trunk', 'actor' or 'critic': weight, bias, weight, bias, ... */
export function tensorsOf({ tensors }: Layout, part: Part): readonly Tensor[] {
  return tensors.filter(({ name }) => name.startsWith(`${part}.`))
}

/** Whether they lie in the same places: one's parameters are the other's. */
export function sameTensors(some: readonly Tensor[], others: readonly Tensor[]): boolean {
  const text = (tensors: readonly Tensor[]) =>
    JSON.stringify(tensors.map(({ name, shape, offset }) => [name, shape, offset]))
  return text(some) === text(others)
}

/** 32-bit FNV-1a over names and shapes: two ranks whose frames carry different ones hold different networks. */
export function layoutHash(layout: Layout): number {
  let hash = 0x811c9dc5
  for (const { name, shape } of layout.tensors)
    for (const character of `${name}[${shape}];`)
      hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return hash >>> 0
}
