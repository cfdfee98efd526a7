import { convolutionsOf, type Encoder, type Stage, stagesOf } from '../encoder.ts'
import type { Tensor } from '../layout.ts'
import { Conv, type Layer, lengthOf, Pool } from './conv.ts'
import { BLOCK_ROWS, type Flat, type Input } from './mlp.ts'

/** The oracle's convolutions: float64, plain loops. Observations in, features [BLOCK_ROWS, features] out. */
export class ConvNet implements Input {
  readonly #layers: Layer[]

  /** @param tensors weight, bias, weight, bias, ... */
  constructor(tensors: readonly Tensor[], encoder: Encoder, observations: Float64Array, flat: Flat) {
    const stages = stagesOf(encoder)
    const places = new Map(
      convolutionsOf(stages).map(({ name }, i) => [name, [tensors[2 * i], tensors[2 * i + 1]]] as const),
    )
    const picture = new Picture(encoder, observations)
    this.#layers = [picture, ...chain(stages, picture, places, flat)]
  }

  get output(): Float64Array {
    return this.#layers.at(-1)!.output
  }

  get outputGradient(): Float64Array {
    return this.#layers.at(-1)!.outputGradient
  }

  forward(rows: number): void {
    for (const layer of this.#layers) layer.forward(rows)
  }

  /** Uses up `outputGradient`, which the caller has begun with zeros. */
  backward(rows: number): void {
    backwardThrough(this.#layers, rows)
  }
}

type Places = ReadonlyMap<string, readonly [weight: Tensor, bias: Tensor]>

function chain(stages: readonly Stage[], input: Layer, places: Places, flat: Flat): Layer[] {
  const layers: Layer[] = []
  for (const stage of stages) {
    const below = layers.at(-1) ?? input
    if (stage.type === 'conv') layers.push(new Conv(stage, below, places.get(stage.name)!, flat))
    else if (stage.type === 'pool') layers.push(new Pool(stage, below))
    else if (stage.type === 'relu') layers.push(new Relu(below))
    else layers.push(new Residual(chain(stage.stages, below, places, flat), below))
  }
  return layers
}

/** From the last to the first; gradients of all but the last begin with zeros. */
function backwardThrough(layers: readonly Layer[], rows: number): void {
  for (const layer of layers.slice(0, -1)) layer.outputGradient.fill(0)
  for (const layer of layers.toReversed()) layer.backward(rows)
}

/** Observations in whatever order, as [C, H, W] and scaled. */
class Picture implements Layer {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #observations: Float64Array
  readonly #scale: number
  /** Where in an observation each number of the picture is. */
  readonly #places: Int32Array

  constructor(encoder: Encoder, observations: Float64Array) {
    const { channels, height, width, order, frames, scale } = encoder
    this.output = new Float64Array(BLOCK_ROWS * lengthOf(encoder))
    this.outputGradient = new Float64Array(this.output.length)
    this.#observations = observations
    this.#scale = scale
    this.#places = Int32Array.from({ length: lengthOf(encoder) }, (_, i) => {
      if (order === 'chw') return i
      const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)]
      const perFrame = channels / frames
      const frame = Math.floor(channel / perFrame)
      return (frame * height * width + pixel) * perFrame + (channel % perFrame)
    })
  }

  forward(rows: number): void {
    const size = this.#places.length
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < size; i++)
        this.output[r * size + i] = this.#scale * this.#observations[r * size + this.#places[i]]
  }

  backward(): void {}
}

class Relu implements Layer {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #below: Layer

  constructor(below: Layer) {
    this.output = new Float64Array(below.output.length)
    this.outputGradient = new Float64Array(below.output.length)
    this.#below = below
  }

  forward(rows: number): void {
    const x = this.#below.output
    for (let i = 0; i < (rows * x.length) / BLOCK_ROWS; i++) this.output[i] = x[i] < 0 ? 0 : x[i]
  }

  backward(rows: number): void {
    const { outputGradient } = this.#below
    for (let i = 0; i < (rows * this.output.length) / BLOCK_ROWS; i++)
      if (this.output[i] !== 0) outputGradient[i] += this.outputGradient[i]
  }
}

class Residual implements Layer {
  readonly output: Float64Array
  readonly outputGradient: Float64Array
  readonly #layers: readonly Layer[]
  readonly #below: Layer

  constructor(layers: readonly Layer[], below: Layer) {
    this.output = new Float64Array(below.output.length)
    this.outputGradient = layers.at(-1)!.outputGradient
    this.#layers = layers
    this.#below = below
  }

  forward(rows: number): void {
    for (const layer of this.#layers) layer.forward(rows)
    const change = this.#layers.at(-1)!.output
    for (let i = 0; i < change.length; i++) this.output[i] = this.#below.output[i] + change[i]
  }

  backward(rows: number): void {
    const { outputGradient } = this.#below
    for (let i = 0; i < this.outputGradient.length; i++) outputGradient[i] += this.outputGradient[i]
    backwardThrough(this.#layers, rows)
  }
}
