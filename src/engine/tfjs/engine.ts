import type { Acted, ActionStreams, Engine, Minibatch, Normalizer, Rows, ShardSums } from '../engine.ts'
import { firstNonFinite, makeActed, see } from '../heads/acted.ts'
import { HostHeads } from '../heads/hostheads.ts'
import type { Layout } from '../layout.ts'
import { type Backend, enter, type Tensor, type Tensor2D } from './backend.ts'
import type { TfjsNetwork } from './network.ts'

/**
 * Networks on any backend of TensorFlow.js. Parameters go in, and gradients come out, in one copy each; losses are
 * taken on the host. Never exact: a device adds up in an order of its own, so grids are left to engines that are.
 *
 * Tensors may share the memory of the array that they are made from, for good: none made here is written again.
 */
export class TfjsEngine implements Engine {
  readonly name: string
  readonly exact = false
  readonly device: string
  readonly isGpu: boolean
  readonly layout: Layout
  /** What training begins with, where the network says so itself, [P]. */
  readonly initial: Float32Array | null
  readonly #backend: Backend
  readonly #network: TfjsNetwork
  readonly #heads: HostHeads
  #normalizer: Normalizer | null = null
  #rows: Rows | null = null
  /** Of `#rows`, [rows, obs]. */
  #observations: Tensor2D | null = null
  #acted: Acted

  constructor(name: string, layout: Layout, backend: Backend, network: TfjsNetwork) {
    this.name = name
    this.device = backend.device
    this.isGpu = backend.isGpu
    this.layout = layout
    this.initial = network.initial
    this.#backend = backend
    this.#network = network
    this.#heads = new HostHeads(layout)
    this.#acted = makeActed(layout, 0)
  }

  setParameters(parameters: Float32Array): void {
    const { tf } = this.#enter()
    const { variables } = this.#network
    const sizes = variables.map(({ size }) => size)
    const onDevice = sizes.reduce((sum, size) => sum + size, 0)
    tf.tidy(() => {
      const flat = tf.tensor1d(parameters.slice(0, onDevice))
      for (const [i, part] of tf.split(flat, sizes).entries())
        variables[i].assign(tf.reshape(part, variables[i].shape))
    })
    this.#heads.logStd.set(parameters.subarray(onDevice))
  }

  setNormalizer(normalizer: Normalizer | null): void {
    this.#normalizer = structuredClone(normalizer)
  }

  setRows(rows: Rows): void {
    const { tf } = this.#enter()
    const { actions, logProbs, values, advantages, returns, distributions } = rows
    this.#rows = structuredClone({
      ...{ actions, logProbs, values, advantages, returns, distributions },
      observations: new Float32Array(0), // they live on the device
    })
    this.#observations?.dispose()
    this.#observations = tf.tensor2d(rows.observations.slice(), this.#shape(values.length))
  }

  async act(observations: Float32Array, n: number, streams: ActionStreams | null): Promise<Acted> {
    const acted = this.#makeRoom(n)
    see(observations, this.#normalizer, acted.observations, this.layout.network.keys)
    this.#heads.act(await this.#look(acted.observations, n), acted, streams)
    acted.nonFiniteRow = firstNonFinite(observations, this.layout.network.observationSize, acted)
    return acted
  }

  async values(observations: Float32Array, n: number): Promise<Float32Array> {
    const acted = this.#makeRoom(n)
    see(observations, this.#normalizer, acted.observations, this.layout.network.keys)
    const outputs = await this.#look(acted.observations, n)
    const width = this.layout.network.numActions + 1
    return acted.values.map((_, row) => outputs[row * width + width - 1])
  }

  async gradients(minibatch: Minibatch, _grid: Float64Array, sums: ShardSums): Promise<void> {
    const { tf } = this.#enter()
    const rows = this.#rows
    const all = this.#observations
    if (!rows || !all) throw new Error('gradients() before setRows()')
    const picked = tf.tidy(() => tf.gather(all, tf.tensor1d(minibatch.indices.slice(), 'int32')))
    // A backend that cannot be read in the middle of a pass computes the outputs beforehand, once more.
    const early = this.#backend.readsSync ? null : await this.#read(() => this.#network.forward(picked))
    const flat = await this.#read(() => {
      const lossOf = tf.customGrad(outputs => {
        const seen = (early ?? (outputs as Tensor).dataSync()) as Float32Array
        const slopes = this.#heads.learn(seen, minibatch, rows, sums)
        const shape = (outputs as Tensor).shape as [number, number]
        return { value: tf.scalar(0), gradFunc: () => tf.tensor2d(slopes, shape) }
      })
      const { variables, forward } = this.#network
      const { grads } = tf.engine().gradients(() => lossOf(forward(picked)), [...variables])
      return tf.concat1d(grads.map(gradient => tf.reshape(gradient, [gradient.size])))
    })
    picked.dispose()
    this.#heads.finish(flat, minibatch, sums)
  }

  /** Outputs of the first `n` rows, [n, outputs + 1]. */
  #look(seen: Float32Array, n: number): Promise<Float32Array> {
    const { tf } = this.#enter()
    return this.#read(() => this.#network.forward(tf.tensor2d(seen.slice(), this.#shape(n))))
  }

  /** The numbers of the tensor that `compute` gives; nothing of it stays on the device. */
  async #read(compute: () => Tensor): Promise<Float32Array> {
    const { tf } = this.#enter()
    const tensor = tf.tidy(compute)
    const numbers = this.#backend.readsSync ? tensor.dataSync() : await tensor.data()
    tensor.dispose()
    return numbers as Float32Array
  }

  #shape(rows: number): [number, number] {
    return [rows, this.layout.network.observationSize]
  }

  #makeRoom(n: number): Acted {
    if (this.#acted.values.length !== n) this.#acted = makeActed(this.layout, n)
    return this.#acted
  }

  #enter(): Backend {
    enter(this.#backend)
    return this.#backend
  }
}
