import { type Key, widthOf } from '../keys.ts'
import { type Layout, tensorsOf } from '../layout.ts'
import { ConvNet } from './convnet.ts'
import { BLOCK_ROWS, type Flat, type Input, Mlp } from './mlp.ts'

/** A key's numbers and what they go through. */
interface Branch {
  key: Key
  observations: Float64Array // [BLOCK_ROWS, size]
  net: { forward(rows: number): void; backward(rows: number): void } | null
  output: Float64Array // [BLOCK_ROWS, width]
  outputGradient: Float64Array | null
}

/** The oracle's encoders of a Dict: rows in, what its keys' encoders give side by side out, [BLOCK_ROWS, features]. */
export class KeyNets implements Input {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #observations: Float64Array
  readonly #branches: Branch[]

  constructor(layout: Layout, keys: readonly Key[], observations: Float64Array, flat: Flat) {
    this.#observations = observations
    this.#branches = keys.map(key => branchOf(layout, key, flat))
    const width = keys.reduce((sum, key) => sum + widthOf(key), 0)
    this.output = new Float64Array(BLOCK_ROWS * width)
    this.outputGradient = new Float64Array(BLOCK_ROWS * width)
  }

  forward(rows: number): void {
    const rowSize = this.#observations.length / BLOCK_ROWS
    const width = this.output.length / BLOCK_ROWS
    let at = 0
    for (const { key, observations, net, output } of this.#branches) {
      copyColumns(this.#observations, rowSize, key.first, observations, key.size, 0, key.size, rows)
      net?.forward(rows)
      copyColumns(output, widthOf(key), 0, this.output, width, at, widthOf(key), rows)
      at += widthOf(key)
    }
  }

  /** Adds to the flat gradient by `outputGradient`. */
  backward(rows: number): void {
    const width = this.output.length / BLOCK_ROWS
    let at = 0
    for (const { key, net, outputGradient } of this.#branches) {
      if (outputGradient)
        copyColumns(this.outputGradient, width, at, outputGradient, widthOf(key), 0, widthOf(key), rows)
      net?.backward(rows)
      at += widthOf(key)
    }
  }
}

function branchOf(layout: Layout, key: Key, flat: Flat): Branch {
  const { name, size, encoder } = key
  const observations = new Float64Array(BLOCK_ROWS * size)
  if (!encoder) return { key, observations, net: null, output: observations, outputGradient: null }
  const tensors = tensorsOf(layout, `encoder.${name}`)
  if (encoder.kind !== 'mlp') {
    const net = new ConvNet(tensors, encoder, observations, flat)
    return { key, observations, net, output: net.output, outputGradient: net.outputGradient }
  }
  const activations = encoder.hidden.map(() => layout.network.activation)
  const net = new Mlp(tensors, activations, { output: observations, outputGradient: null }, flat)
  return { key, observations, net, ...pick(net.head) }
}

const pick = ({ output, outputGradient }: Mlp['head']) => ({ output, outputGradient })

/** Some columns of matrices [rows, fromWidth] and [rows, toWidth]. */
function copyColumns(
  from: Float64Array,
  fromWidth: number,
  fromColumn: number,
  to: Float64Array,
  toWidth: number,
  toColumn: number,
  columns: number,
  rows: number,
): void {
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) to[r * toWidth + toColumn + c] = from[r * fromWidth + fromColumn + c]
}
