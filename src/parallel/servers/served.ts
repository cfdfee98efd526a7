import { concatenated } from '../../base/math/parts.ts'
import type { Communicator } from '../../collective/communicator.ts'
import { type AdamState, LANES, type Optimizer } from '../../engine/optimizer.ts'
import type { Flow } from '../flow.ts'
import { noAdam, type Slice, sliceOfAdam } from './slices.ts'

/** The optimiser of a job with parameter servers: each moves its slice, all others get it from there. */
export class ServedOptimizer implements Optimizer {
  readonly #comm: Communicator
  readonly #slices: readonly Slice[]
  /** Moves this server's slice; null: a worker. */
  readonly #inner: Optimizer | null
  readonly #flow: Flow

  /** @param slices by server; these are the first ranks */
  constructor(comm: Communicator, slices: readonly Slice[], inner: Optimizer | null, flow: Flow) {
    this.#comm = comm
    this.#slices = slices
    this.#inner = inner
    this.#flow = flow
  }

  /** Of this server's slice; nothing, of a worker's. */
  get state(): AdamState {
    return this.#inner?.state ?? noAdam()
  }

  set state(state: AdamState) {
    if (this.#inner) this.#inner.state = sliceOfAdam(state, this.#slices[this.#comm.rank])
  }

  /** Of the whole vector, on every rank: a collective. */
  async complete(): Promise<AdamState> {
    const { firstMoment, secondMoment, beta1Power, beta2Power } = this.state
    const powers = Float64Array.of(beta1Power, beta2Power)
    await this.#comm.broadcast(powers)
    return {
      firstMoment: concatenated(await this.#comm.allgather(firstMoment)),
      secondMoment: concatenated(await this.#comm.allgather(secondMoment)),
      beta1Power: powers[0],
      beta2Power: powers[1],
    }
  }

  /**
   * The norm has the bits of one optimiser of the whole vector: its squares are added in the order of the elements,
   * each server going on where the one before it has stopped. The last tells everybody.
   */
  async average(sums: Float64Array, rows: number, largest: Float64Array): Promise<number> {
    const { rank, size } = this.#comm
    const end = this.#slices.length - 1
    const told = new Float64Array(1 + largest.length) // the norm, then the largest magnitudes
    const lanes = this.#inner && (await this.#goOn(this.#inner, sums, rows, largest))
    if (!lanes || rank < end) {
      await this.#comm.recv(told, end)
      largest.set(told.subarray(1))
      return told[0]
    }
    told[0] = Math.sqrt(lanes.reduce((sum, lane) => sum + lane))
    told.set(largest, 1)
    for (let other = 0; other < size; other++) if (other !== rank) await this.#comm.send(told, other)
    return told[0]
  }

  /** Divides this server's slice, and adds its squares to those of the slices before it: the lanes so far. */
  async #goOn(
    inner: Optimizer,
    sums: Float64Array,
    rows: number,
    largest: Float64Array,
  ): Promise<Float64Array> {
    const { rank } = this.#comm
    const { first, last } = this.#slices[rank]
    const slice = sums.subarray(first, last)
    const soFar = new Float64Array(LANES + largest.length)
    const lanes = soFar.subarray(0, LANES)
    await inner.average(slice, rows, largest)
    if (rank > 0) await this.#comm.recv(soFar, rank - 1)
    for (let i = 0; i < slice.length; i++) lanes[i % LANES] += slice[i] * slice[i]
    for (let t = 0; t < largest.length; t++) largest[t] = Math.max(largest[t], soFar[LANES + t])
    soFar.set(largest, LANES)
    if (rank + 1 < this.#slices.length) await this.#comm.send(soFar, rank + 1)
    return lanes
  }

  step(
    parameters: Float32Array,
    gradient: Float64Array,
    norm: number,
    maxNorm: number,
    learningRate: number,
  ): Promise<void> {
    return this.#flow.time(async () => {
      const { rank, size } = this.#comm
      const slices = this.#slices.map(({ first, last }) => parameters.subarray(first, last))
      if (this.#inner) {
        const { first, last } = this.#slices[rank]
        await this.#inner.step(slices[rank], gradient.subarray(first, last), norm, maxNorm, learningRate)
        for (let other = 0; other < size; other++)
          if (other !== rank) await this.#comm.send(slices[rank], other)
        this.#flow.bytes += (size - 1) * slices[rank].byteLength
      }
      for (const [server, slice] of slices.entries()) {
        if (server === rank) continue
        await this.#comm.recv(slice, server)
        this.#flow.bytes += slice.byteLength
      }
    })
  }
}
