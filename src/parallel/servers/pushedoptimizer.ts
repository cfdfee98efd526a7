import type { Communicator } from '../../collective/communicator.ts'
import type { AdamState, Optimizer } from '../../engine/optimizer.ts'
import { type Answer, answerFor, Kind, letterFor, push, tell } from './letters.ts'
import { noAdam, type Slice } from './slices.ts'

/** What a worker has for an optimiser: servers that move the parameters by what it pushes, as they do by what others push. */
export class PushedOptimizer implements Optimizer {
  readonly #comm: Communicator
  /** By server: its slice, and room for what is said to it and answered. */
  readonly #servers: { slice: Slice; letter: Float64Array; answer: Answer }[]
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
    this.#servers = slices.map(slice => ({ slice, letter: letterFor(slice), answer: answerFor(slice) }))
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
    for (const [server, { slice, letter, answer }] of this.#servers.entries())
      await push(this.#comm, server, letter, {
        ...{ version: answer.version[0], learningRate: learningRate * this.#share, norm },
        gradient: gradient.subarray(slice.first, slice.last),
      })
    await this.#take(parameters)
  }

  /** Takes all slices as they are now. */
  async refresh(parameters: Float32Array): Promise<void> {
    await this.#tellAll(Kind.pull)
    await this.#take(parameters)
  }

  /** To the first server, which counts updates. @returns its answer: see reports.ts */
  async report(report: Float64Array): Promise<Float64Array> {
    await tell(this.#comm, 0, this.#servers[0].letter, Kind.report, report)
    const answer = new Float64Array(2)
    await this.#comm.recv(answer, 0)
    return answer
  }

  /** Nothing more comes from here. */
  async end(): Promise<void> {
    await this.#tellAll(Kind.gone)
  }

  /** What is saved of Adam is the servers'. */
  get state(): AdamState {
    return noAdam()
  }

  set state(_state: AdamState) {}

  async #tellAll(kind: number): Promise<void> {
    for (const [server, { letter }] of this.#servers.entries()) await tell(this.#comm, server, letter, kind)
  }

  async #take(parameters: Float32Array): Promise<void> {
    for (const [server, { slice, answer }] of this.#servers.entries()) {
      await this.#comm.recv(answer.message, server)
      parameters.set(answer.parameters, slice.first)
    }
  }
}
