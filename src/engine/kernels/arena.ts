import { distributionSize, type Layout, type Tensor, tensorsOf } from '../layout.ts'
import { type ArrayOf, arraysOf, IN_CONTEXT, type Room, SETTINGS, type Views } from './views.ts'

/**
 * Where everything lies in the kernels' one piece of memory, in 4-byte words: the Context that tells them, field
 * by field that of kernels.c, and the arrays behind it.
 */

/** Rows that go through a network together, columns that matrices are padded to, layers that a network may have. */
export const BLOCK = 32
const PAD = 8
export const MAX_LAYERS = 16

const activations = ['linear', 'tanh', 'relu', 'elu'] as const

export interface Arena {
  /** Bytes to allocate. */
  bytes: number
  /** The Context, at word 0: integers, and floats as their bits. */
  context: Int32Array
  /** First word of each array. */
  places: Record<keyof Views, number>
}

/** Words of a layer, and of a Context before its networks. */
const LAYER_WORDS = 14
const HEAD_WORDS = 33 + SETTINGS

/** Where a layer's outputs lie, [BLOCK, width], and the gradients by them, in words. `part`: 0 trunk, 1 actor, 2 critic. */
export function outputsOf(
  { context }: Arena,
  part: number,
  layer: number,
): { width: number; y: number; dy: number } {
  const at = HEAD_WORDS + part * (1 + MAX_LAYERS * LAYER_WORDS) + 1 + layer * LAYER_WORDS
  return { width: context[at + 3], y: context[at + LAYER_WORDS - 2], dy: context[at + LAYER_WORDS - 1] }
}

/** Lays out memory for so much. */
export function planArena(layout: Layout, room: Room): Arena {
  const { network } = layout
  const allocate = allocator()
  allocate(HEAD_WORDS + 3 * (1 + MAX_LAYERS * LAYER_WORDS))
  const arrays = Object.entries(arraysOf(layout, room)) as [keyof Views, ArrayOf][]
  const places = Object.fromEntries(
    // The kernels may read to the end of an array's last vector.
    arrays.map(([name, { Type, length }]) => [name, allocate((length * Type.BYTES_PER_ELEMENT) / 4 + PAD)]),
  ) as Arena['places']
  places.settings = HEAD_WORDS - SETTINGS
  const actions = pad(network.numActions)
  const scratch = [
    ...[allocate(BLOCK * pad(network.observationSize)), pad(network.observationSize)], // x, xPad
    ...[allocate(BLOCK * actions), allocate(BLOCK * actions)], // old, oldProbs
    ...[layout.tensors.at(-1)!.offset, allocate(actions), allocate(actions), allocate(actions)], // log_std
    allocate(pad(Math.max(network.observationSize, ...network.hidden))), // zeros
  ]
  const context = Int32Array.from([
    ...[network.observationSize, network.distribution === 'gaussian' ? 1 : 0, network.numActions],
    ...[distributionSize(network), layout.tensors.length, layout.size, ...scratch],
    ...IN_CONTEXT.map(name => places[name]),
    ...new Array<number>(SETTINGS).fill(0),
    ...(['trunk', 'actor', 'critic'] as const).flatMap(part =>
      planNetwork(layout, part, places.parameters, allocate),
    ),
  ])
  return { bytes: allocate(0) * 4, context, places }
}

/** A Network: its number of layers, then as many Layers as there may be. */
function planNetwork(
  layout: Layout,
  part: 'trunk' | 'actor' | 'critic',
  parameters: number,
  allocate: Allocate,
): number[] {
  const tensors = tensorsOf(layout, part)
  const layers = tensors.length / 2
  const words = Array.from({ length: layers }, (_, i) => {
    const isHead = part !== 'trunk' && i === layers - 1
    const activation = activations.indexOf(isHead ? 'linear' : layout.network.activation)
    return planLayer(tensors[2 * i], tensors[2 * i + 1], activation, parameters, allocate)
  }).flat()
  return [layers, ...words, ...new Array<number>((MAX_LAYERS - layers) * LAYER_WORDS).fill(0)]
}

function planLayer(
  weight: Tensor,
  bias: Tensor,
  activation: number,
  parameters: number,
  allocate: Allocate,
): number[] {
  const [outputs, inputs] = weight.shape
  const [inPad, outPad] = [pad(inputs), pad(outputs)]
  // Rows that need no padding are read where they lie.
  const rows = inPad === inputs ? parameters + weight.offset : allocate(outputs * inPad)
  return [
    ...[inputs, outputs, inPad, outPad, activation, weight.offset, bias.offset],
    ...[rows, allocate(inputs * outPad), allocate(outPad)], // weight, weightT, bias
    ...[allocate(outputs * inPad), allocate(outPad)], // gradWeight, gradBias
    ...[allocate(BLOCK * outPad), allocate(BLOCK * outPad)], // y, dy
  ]
}

type Allocate = (words: number) => number

/** Hands out places one after the other, each at the start of a cache line. */
function allocator(): Allocate {
  let next = 0
  return words => {
    const place = next
    next += Math.ceil(words / 16) * 16
    return place
  }
}

const pad = (n: number): number => Math.ceil(n / PAD) * PAD
