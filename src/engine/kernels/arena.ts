import { STATISTICS } from '../../base/statistics.ts'
import type { Layout } from '../layout.ts'

/**
 * Where everything lies in the kernels' one piece of memory, in 4-byte words, and the Context that tells them:
 * the structs at the top of kernels.c, field by field.
 */

/** Rows that go through a network together, columns that matrices are padded to, layers that a network may have. */
const BLOCK = 32
const PAD = 8
export const MAX_LAYERS = 16

const LAYER_WORDS = 13
/** Words before the networks in a Context. */
const HEAD_WORDS = 23

/** Places of the arrays that the driver fills and reads. */
export interface Places {
  parameters: number
  observations: number
  actions: number
  logProbs: number
  values: number
  advantages: number
  returns: number
  gradient: number
  statistics: number
  largest: number
  grid: number
}

export interface Arena {
  /** Bytes to allocate. */
  bytes: number
  /** Word of the Context. */
  context: number
  /** The Context's words, integers and floats as their bits. */
  contents: Int32Array
  places: Places
}

export const contextWords: number = HEAD_WORDS + 2 * (1 + MAX_LAYERS * LAYER_WORDS)

/** First word of the loss's settings in a Context: clipCoef, valueClip, vfCoef, entCoef, advantageMean, advantageDivisor. */
export const LOSS_WORD = 17

/** Lays out an arena for up to `rows` rows in up to `shards` shards. */
export function planArena(layout: Layout, rows: number, shards: number): Arena {
  const { observationSize, numActions, activation } = layout.network
  const allocate = allocator()
  const context = allocate(contextWords)
  const xPad = pad(observationSize)
  const x = allocate(BLOCK * xPad)
  const tensors = layout.tensors.length
  const places: Places = {
    parameters: allocate(layout.size),
    observations: allocate(rows * observationSize),
    actions: allocate(rows),
    logProbs: allocate(rows),
    values: allocate(rows),
    advantages: allocate(rows),
    returns: allocate(rows),
    gradient: allocate(2 * layout.size),
    statistics: allocate(2 * shards * STATISTICS),
    largest: allocate(2 * shards * tensors),
    grid: allocate(2 * tensors),
  }
  const kind = ['tanh', 'relu', 'elu'].indexOf(activation)
  const head = [observationSize, numActions, kind, tensors, x, xPad, ...Object.values(places)]
  const loss = [0, 0, 0, 0, 0, 0]
  const half = tensors / 2
  const networks = [0, half].flatMap(first => planNetwork(layout, first, half / 2, allocate))
  const contents = Int32Array.from([...head, ...loss, ...networks])
  return { bytes: allocate(0) * 4, context, contents, places }
}

/** A Network: its number of layers, then as many Layers as there may be. */
function planNetwork(layout: Layout, first: number, layers: number, allocate: Allocate): number[] {
  const words = Array.from({ length: layers }, (_, i) => {
    const [weight, bias] = layout.tensors.slice(first + 2 * i, first + 2 * i + 2)
    const [outputs, inputs] = weight.shape
    const [inPad, outPad] = [pad(inputs), pad(outputs)]
    return [
      [inputs, outputs, inPad, outPad, weight.offset, bias.offset],
      [allocate(outputs * inPad), allocate(inputs * outPad), allocate(outPad)], // weight, weightT, bias
      [allocate(outputs * inPad), allocate(outPad)], // gradWeight, gradBias
      [allocate(BLOCK * outPad), allocate(BLOCK * outPad)], // y, dy
    ].flat()
  }).flat()
  return [layers, ...words, ...new Array<number>((MAX_LAYERS - layers) * LAYER_WORDS).fill(0)]
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
