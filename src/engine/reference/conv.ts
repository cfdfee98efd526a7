import type { Size, Stage } from '../encoder.ts'
import type { Tensor } from '../layout.ts'
import { BLOCK_ROWS, type Flat } from './mlp.ts'

/** A stage at work on a block of rows: backward() adds to the gradient of what is below. */
export interface Layer {
  readonly output: Float64Array // [BLOCK_ROWS, C, H, W]
  readonly outputGradient: Float64Array
  forward(rows: number): void
  backward(rows: number): void
}

export const lengthOf = ({ channels, height, width }: Size): number => channels * height * width

/** y = W * x + b; W is [out, in, kernel, kernel]. */
export class Conv implements Layer {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #stage: Extract<Stage, { type: 'conv' }>
  readonly #below: Layer
  readonly #weight: Tensor
  readonly #bias: Tensor
  readonly #flat: Flat

  constructor(
    stage: Extract<Stage, { type: 'conv' }>,
    below: Layer,
    [weight, bias]: readonly [Tensor, Tensor],
    flat: Flat,
  ) {
    this.output = new Float64Array(BLOCK_ROWS * lengthOf(stage.to))
    this.outputGradient = new Float64Array(this.output.length)
    this.#stage = stage
    this.#below = below
    this.#weight = weight
    this.#bias = bias
    this.#flat = flat
  }

  forward(rows: number): void {
    const { parameters } = this.#flat
    const { output: x } = this.#below
    this.#perOutput(rows, (at, filter) => {
      this.output[at] = parameters[this.#bias.offset + filter]
    })
    this.#perTap(rows, (at, seen, weight) => {
      this.output[at] += x[seen] * parameters[weight]
    })
  }

  backward(rows: number): void {
    const { parameters, gradient } = this.#flat
    const { output: x, outputGradient: dx } = this.#below
    this.#perOutput(rows, (at, filter) => {
      gradient[this.#bias.offset + filter] += this.outputGradient[at]
    })
    this.#perTap(rows, (at, seen, weight) => {
      gradient[weight] += x[seen] * this.outputGradient[at]
      dx[seen] += parameters[weight] * this.outputGradient[at]
    })
  }

  #perOutput(rows: number, visit: (at: number, filter: number) => void): void {
    const { channels, height, width } = this.#stage.to
    for (let at = 0; at < rows * channels * height * width; at++)
      visit(at, Math.floor(at / (height * width)) % channels)
  }

  /** Every product of the convolution: places in the output, the input and the parameters. */
  #perTap(rows: number, visit: (at: number, seen: number, weight: number) => void): void {
    const { from, to, kernel, stride, same } = this.#stage
    const pad = same ? (kernel - 1) / 2 : 0
    this.#perOutput(rows, (at, filter) => {
      const pixel = at % (to.height * to.width)
      const row = Math.floor(at / lengthOf(to))
      const [top, left] = [Math.floor(pixel / to.width) * stride - pad, (pixel % to.width) * stride - pad]
      for (let channel = 0; channel < from.channels; channel++)
        for (let y = Math.max(0, -top); y < kernel && top + y < from.height; y++)
          for (let x = Math.max(0, -left); x < kernel && left + x < from.width; x++)
            visit(
              at,
              ((row * from.channels + channel) * from.height + top + y) * from.width + left + x,
              this.#weight.offset + ((filter * from.channels + channel) * kernel + y) * kernel + x,
            )
    })
  }
}

/** The largest of each window. */
export class Pool implements Layer {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #stage: Extract<Stage, { type: 'pool' }>
  readonly #below: Layer
  /** Where the largest is. */
  readonly #largest: Int32Array

  constructor(stage: Extract<Stage, { type: 'pool' }>, below: Layer) {
    this.output = new Float64Array(BLOCK_ROWS * lengthOf(stage.to))
    this.outputGradient = new Float64Array(this.output.length)
    this.#stage = stage
    this.#below = below
    this.#largest = new Int32Array(this.output.length)
  }

  forward(rows: number): void {
    const { from, to } = this.#stage
    const x = this.#below.output
    // As TensorFlow pads: the smaller half before.
    const [above, before] = [padding(from.height), padding(from.width)]
    for (let at = 0; at < rows * lengthOf(to); at++) {
      const plane = Math.floor(at / (to.height * to.width)) * from.height * from.width
      const pixel = at % (to.height * to.width)
      const [top, left] = [2 * Math.floor(pixel / to.width) - above, 2 * (pixel % to.width) - before]
      let largest = -1
      for (let i = Math.max(0, top); i < Math.min(top + 3, from.height); i++)
        for (let j = Math.max(0, left); j < Math.min(left + 3, from.width); j++) {
          const seen = plane + i * from.width + j
          if (largest < 0 || !(x[seen] <= x[largest])) largest = seen // a NaN wins
        }
      this.#largest[at] = largest
      this.output[at] = x[largest]
    }
  }

  backward(rows: number): void {
    for (let at = 0; at < rows * lengthOf(this.#stage.to); at++)
      this.#below.outputGradient[this.#largest[at]] += this.outputGradient[at]
  }
}

const padding = (length: number): number => (length % 2 === 0 ? 0 : 1)
