import type { Distribution } from '../heads/distribution.ts'
import { distributionOf, type Heads } from '../heads/heads.ts'
import { type Layout, type Part, tensorsOf } from '../layout.ts'
import { ConvNet } from './convnet.ts'
import { KeyNets } from './keynets.ts'
import { BLOCK_ROWS, type Flat, type Input, Mlp } from './mlp.ts'

/** Policy and value function of a layout, over blocks of up to BLOCK_ROWS observations, in float64. */
export class Model implements Heads {
  readonly observations: Float64Array // [BLOCK_ROWS, obs]
  readonly policy: Distribution
  readonly #encoder: ConvNet | KeyNets | null
  readonly #trunk: Mlp | null
  readonly #actor: Mlp
  readonly #critic: Mlp

  constructor(layout: Layout, flat: Flat) {
    const { observationSize, encoder, keys, hidden, activation, sharedTrunk } = layout.network
    this.observations = new Float64Array(BLOCK_ROWS * observationSize)
    const activations = hidden.map(() => activation)
    const network = (part: Part, layers: ConstructorParameters<typeof Mlp>[1], input: Input) =>
      new Mlp(tensorsOf(layout, part), layers, input, flat)
    if (keys) this.#encoder = new KeyNets(layout, keys, this.observations, flat)
    else if (encoder)
      this.#encoder = new ConvNet(tensorsOf(layout, 'encoder'), encoder, this.observations, flat)
    else this.#encoder = null
    const seen: Input = this.#encoder ?? { output: this.observations, outputGradient: null }
    const shared = sharedTrunk && hidden.length > 0
    this.#trunk = shared ? network('trunk', activations, seen) : null
    const layers = shared ? [null] : [...activations, null]
    this.#actor = network('actor', layers, this.#trunk?.head ?? seen)
    this.#critic = network('critic', layers, this.#trunk?.head ?? seen)
    const logStd = layout.tensors.at(-1)!.offset
    this.policy = distributionOf(layout.network, {
      ...{ output: this.#actor.head.output, outputGradient: this.#actor.head.outputGradient },
      logStd: flat.parameters.subarray(logStd),
      logStdGradient: flat.gradient.subarray(logStd),
    })
  }

  /** V of the block's rows, [BLOCK_ROWS]. */
  get values(): Float64Array {
    return this.#critic.head.output
  }

  /** d loss / d V, [BLOCK_ROWS]: for the caller to write before backward(), as `policy` writes the actor's. */
  get valueGradient(): Float64Array {
    return this.#critic.head.outputGradient
  }

  forward(rows: number): void {
    this.#encoder?.forward(rows)
    this.#trunk?.forward(rows)
    this.#actor.forward(rows)
    this.#critic.forward(rows)
    this.policy.prepare(rows)
  }

  forwardValues(rows: number): void {
    this.#encoder?.forward(rows)
    this.#trunk?.forward(rows)
    this.#critic.forward(rows)
  }

  /** Adds the gradients of the rows of the last forward() to the flat gradient. */
  backward(rows: number): void {
    this.#encoder?.outputGradient.fill(0)
    this.#trunk?.head.outputGradient.fill(0)
    this.#actor.backward(rows)
    this.#critic.backward(rows)
    this.#trunk?.backward(rows)
    this.#encoder?.backward(rows)
  }
}
