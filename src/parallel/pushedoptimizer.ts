import type { Communicator } from '../collective/communicator.ts'
import type { AdamState, Optimizer } from '../engine/optimizer.ts'
import { Kind, PUSH_HEADER, tell } from './letters.ts'
import { noAdam, type Slice } from './slices.ts'

/** What a worker has for an optimiser: servers that move the parameters by what it pushes, as they do by what others push. */
export class PushedOptimizer implements Optimizer {
  readonly #comm: Communicator
  /** By server. */
  readonly #slices: readonly Slice[]
  readonly #versions: number[]
  /** Of all rows, those that this worker's gradients are of: so much of the learning rate is its part. */
  readonly #share: number
  readonly #inner: Pick<Optimizer, 'average'>

  /** @param inner takes means and norms */
  constructor(
    comm: Communicator,
    slices: readonly Slice[],
    share: number,
    inner: Pick<Optimizer, 'average'>,
  ) {
    this.#comm = comm
    this.#slices = slices
    this.#versions = slices.map(() => 0)
    this.#share = share
    this.#inner = inner
  }

  average(sums: Float64Array, rows: number, largest: Float64Array): ReturnType<Optimizer['average']> {
    return this.#inner.average(sums, rows, largest)
  }

  /** To each server its slice of the gradient, with the version that it was computed on. */
  async step(
    parameters: Float32Array,
    gradient: Float64Array,
    norm: number,
    _maxNorm: number,
    learningRate: number,
  ): Promise<void> {
    for (const [server, { first, last }] of this.#slices.entries()) {
      const body = new Float64Array(PUSH_HEADER + last - first)
      body.set([this.#versions[server], learningRate * this.#share, norm])
      body.set(gradient.subarray(first, last), PUSH_HEADER)
      await tell(this.#comm, server, Kind.push, body)
    }
    await this.#take(parameters)
  }

  /** Takes all slices as they are now. */
  async refresh(parameters: Float32Array): Promise<void> {
    for (const server of this.#slices.keys()) await tell(this.#comm, server, Kind.pull)
    await this.#take(parameters)
  }

  /** What is saved of Adam is the servers'. */
  get state(): AdamState {
    return noAdam()
  }

  set state(_state: AdamState) {}

  async #take(parameters: Float32Array): Promise<void> {
    for (const [server, { first, last }] of this.#slices.entries()) {
      const answer = new Float64Array(1 + last - first)
      await this.#comm.recv(answer, server)
      this.#versions[server] = answer[0]
      parameters.set(answer.subarray(1), first)
    }
  }
}
