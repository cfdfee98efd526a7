import { activate, activateBackward } from './activation.ts'
import type { Activation, Tensor } from './layout.ts'
import { type Matrix, multiplyAdd, rowMajor, transposed } from './matrix.ts'

/** Rows that go through a network together: activations of two 64-wide layers then stay in the first-level cache. */
export const BLOCK_ROWS = 32

/** Two flat vectors in the layout's order, [P]: what the networks read and what their backward passes add to. */
export interface Flat {
  parameters: Float64Array
  gradient: Float64Array
}

/**
 * One multilayer perceptron in float64 over blocks of up to BLOCK_ROWS rows; linear head. All scratch is made here.
 * `forward` leaves its results for the next `backward`.
 */
export class Mlp {
  readonly #activation: Activation
  readonly #layers: Dense[]

  /** @param tensors weight, bias, weight, bias, ... of this network; @param input [BLOCK_ROWS, in], may be shared */
  constructor(tensors: readonly Tensor[], activation: Activation, input: Float64Array, flat: Flat) {
    this.#activation = activation
    this.#layers = []
    for (let i = 0; i < tensors.length; i += 2)
      this.#layers.push(new Dense(tensors[i], tensors[i + 1], input, this.#layers.at(-1), flat))
  }

  /** What forward() writes: logits or values, [BLOCK_ROWS, out]. */
  get output(): Float64Array {
    return this.#layers[this.#layers.length - 1].output
  }

  /** What backward() starts from: the gradient of the loss with respect to `output`, [BLOCK_ROWS, out]. */
  get outputGradient(): Float64Array {
    return this.#layers[this.#layers.length - 1].outputGradient
  }

  forward(rows: number): void {
    const layers = this.#layers
    layers.forEach((layer, i) => {
      layer.forward(rows)
      if (i < layers.length - 1) activate(this.#activation, layer.output, rows * layer.outputs)
    })
  }

  /** Adds the gradients of the rows of the last forward(), in their order, to the flat gradient. */
  backward(rows: number): void {
    const layers = this.#layers
    for (let i = layers.length - 1; i >= 0; i--) {
      layers[i].backward(rows)
      if (i === 0) break
      const { output, outputGradient, outputs } = layers[i - 1]
      activateBackward(this.#activation, output, outputGradient, rows * outputs)
    }
  }
}

/** y = x W^T + b, with the three products of its forward and backward pass as views on shared arrays. */
class Dense {
  readonly outputs: number
  readonly output: Float64Array // [BLOCK_ROWS, out]
  readonly outputGradient: Float64Array // [BLOCK_ROWS, out]
  readonly #inputs: number
  readonly #bias: Float64Array // [out]
  readonly #biasGradient: Float64Array // [out]
  readonly #weight: Matrix // [out, in]
  readonly #weightGradient: Matrix // [out, in]
  readonly #x: Matrix // [rows, in]
  readonly #y: Matrix // [rows, out]
  readonly #dy: Matrix // [rows, out]
  /** None in the first layer: nobody asks for the gradient with respect to observations. */
  readonly #dx: Matrix | null // [rows, in]
  readonly #weightT: Matrix
  readonly #dyT: Matrix

  constructor(weight: Tensor, bias: Tensor, input: Float64Array, previous: Dense | undefined, flat: Flat) {
    ;[this.outputs, this.#inputs] = weight.shape
    this.output = new Float64Array(BLOCK_ROWS * this.outputs)
    this.outputGradient = new Float64Array(BLOCK_ROWS * this.outputs)
    this.#bias = flat.parameters.subarray(bias.offset, bias.offset + bias.size)
    this.#biasGradient = flat.gradient.subarray(bias.offset, bias.offset + bias.size)
    this.#weight = rowMajor(flat.parameters, weight.offset, this.#inputs)
    this.#weightGradient = rowMajor(flat.gradient, weight.offset, this.#inputs)
    this.#x = rowMajor(previous?.output ?? input, 0, this.#inputs)
    this.#dx = previous ? rowMajor(previous.outputGradient, 0, this.#inputs) : null
    this.#y = rowMajor(this.output, 0, this.outputs)
    this.#dy = rowMajor(this.outputGradient, 0, this.outputs)
    this.#weightT = transposed(this.#weight)
    this.#dyT = transposed(this.#dy)
  }

  forward(rows: number): void {
    for (let r = 0; r < rows; r++) this.output.set(this.#bias, r * this.outputs)
    multiplyAdd(this.#y, this.#x, this.#weightT, rows, this.outputs, this.#inputs)
  }

  backward(rows: number): void {
    const { outputs, outputGradient } = this
    const inputs = this.#inputs
    const biasGradient = this.#biasGradient
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < outputs; o++) biasGradient[o] += outputGradient[r * outputs + o]
    multiplyAdd(this.#weightGradient, this.#dyT, this.#x, outputs, inputs, rows)
    if (!this.#dx) return
    this.#dx.data.fill(0, 0, rows * inputs)
    multiplyAdd(this.#dx, this.#dy, this.#weight, rows, inputs, outputs)
  }
}
