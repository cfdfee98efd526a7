import type { Activation, Tensor } from '../layout.ts'
import { activate, activateBackward } from './activation.ts'
import { type Matrix, multiplyAdd, rowMajor, transposed } from './matrix.ts'

/** Rows that go through a network together: activations of two 64-wide layers then stay in the first-level cache. */
export const BLOCK_ROWS = 32

/** Two flat vectors in the layout's order, [P]: what the networks read and what their backward passes add to. */
export interface Flat {
  parameters: Float64Array
  gradient: Float64Array
}

/** What a network begins from: numbers that somebody else writes, [BLOCK_ROWS, in]. */
export interface Input {
  output: Float64Array
  /** Where backward() adds the gradient with respect to them; null: nobody asks (observations). */
  outputGradient: Float64Array | null
}

/**
 * Dense layers in float64 over blocks of up to BLOCK_ROWS rows. All scratch is made here. `forward` leaves its
 * results for the next `backward`.
 */
export class Mlp {
  readonly #layers: Dense[]

  /** @param activations one per layer; null: linear. @param tensors weight, bias, weight, bias, ... */
  constructor(
    tensors: readonly Tensor[],
    activations: readonly (Activation | null)[],
    input: Input,
    flat: Flat,
  ) {
    this.#layers = []
    activations.forEach((activation, i) => {
      const below = this.#layers.at(-1) ?? input
      this.#layers.push(new Dense(tensors[2 * i], tensors[2 * i + 1], activation, below, flat))
    })
  }

  /** The last layer: `output` is what forward() writes, backward() starts from `outputGradient`. */
  get head(): Dense {
    return this.#layers[this.#layers.length - 1]
  }

  forward(rows: number): void {
    for (const layer of this.#layers) layer.forward(rows)
  }

  /** Adds the gradients of the rows of the last forward(), in their order, to the flat gradient and the input's. */
  backward(rows: number): void {
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      if (i > 0) this.#layers[i - 1].outputGradient.fill(0)
      this.#layers[i].backward(rows)
    }
  }
}

/** y = f(x W^T + b), with the three products of its forward and backward pass as views on shared arrays. */
class Dense {
  readonly output: Float64Array // [BLOCK_ROWS, out]
  readonly outputGradient: Float64Array // [BLOCK_ROWS, out]
  readonly #activation: Activation | null
  readonly #inputs: number
  readonly #outputs: number
  readonly #bias: Float64Array // [out]
  readonly #biasGradient: Float64Array // [out]
  readonly #weight: Matrix // [out, in]
  readonly #weightGradient: Matrix // [out, in]
  readonly #x: Matrix // [rows, in]
  readonly #y: Matrix // [rows, out]
  readonly #dy: Matrix // [rows, out]
  readonly #dx: Matrix | null // [rows, in]
  readonly #weightT: Matrix
  readonly #dyT: Matrix

  constructor(weight: Tensor, bias: Tensor, activation: Activation | null, below: Input, flat: Flat) {
    ;[this.#outputs, this.#inputs] = weight.shape
    this.#activation = activation
    this.output = new Float64Array(BLOCK_ROWS * this.#outputs)
    this.outputGradient = new Float64Array(BLOCK_ROWS * this.#outputs)
    this.#bias = flat.parameters.subarray(bias.offset, bias.offset + bias.size)
    this.#biasGradient = flat.gradient.subarray(bias.offset, bias.offset + bias.size)
    this.#weight = rowMajor(flat.parameters, weight.offset, this.#inputs)
    this.#weightGradient = rowMajor(flat.gradient, weight.offset, this.#inputs)
    this.#x = rowMajor(below.output, 0, this.#inputs)
    this.#dx = below.outputGradient && rowMajor(below.outputGradient, 0, this.#inputs)
    this.#y = rowMajor(this.output, 0, this.#outputs)
    this.#dy = rowMajor(this.outputGradient, 0, this.#outputs)
    this.#weightT = transposed(this.#weight)
    this.#dyT = transposed(this.#dy)
  }

  forward(rows: number): void {
    const outputs = this.#outputs
    for (let r = 0; r < rows; r++) this.output.set(this.#bias, r * outputs)
    multiplyAdd(this.#y, this.#x, this.#weightT, rows, outputs, this.#inputs)
    if (this.#activation) activate(this.#activation, this.output, rows * outputs)
  }

  /** Uses up `outputGradient`. */
  backward(rows: number): void {
    const { output, outputGradient } = this
    const outputs = this.#outputs
    const biasGradient = this.#biasGradient
    if (this.#activation) activateBackward(this.#activation, output, outputGradient, rows * outputs)
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < outputs; o++) biasGradient[o] += outputGradient[r * outputs + o]
    multiplyAdd(this.#weightGradient, this.#dyT, this.#x, outputs, this.#inputs, rows)
    if (this.#dx) multiplyAdd(this.#dx, this.#dy, this.#weight, rows, this.#inputs, outputs)
  }
}
