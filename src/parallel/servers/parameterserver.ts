import type { Communicator } from '../../collective/communicator.ts'
import type { AdamState, Optimizer } from '../../engine/optimizer.ts'
import type { TrainConfig } from '../../ppo/config.ts'
import type { TrainState } from '../../ppo/state.ts'
import { type Answer, answerFor, hear, Kind, type Letter, letterFor, type Push } from './letters.ts'
import { type Slice, sliceOfAdam } from './slices.ts'

/** Steps of each worker, on average, after which a gradient is too old, where nothing else is asked for. */
const STEPS_PER_WORKER = 8

/** A slice of the vector, and what its optimiser knows of it. */
export interface Served {
  parameters: Float32Array
  adam: AdamState
}

/**
 * A server that waits for nobody: it moves its slice by each gradient as that comes, and answers with the slice as it is
 * then. Each step makes a version. A gradient of a version too many steps back is dropped; its answer is the same.
 */
export class ParameterServer {
  /** Steps that others had made between a gradient's version and its own step; emptied by who reads it. */
  ages: number[] = []
  dropped = 0
  /** Bytes in and out. */
  received = 0
  sent = 0
  /** What becomes of workers' reports, which the first server gets: the answer. */
  reported: (report: Float64Array) => Float64Array = () => new Float64Array(2)
  readonly #comm: Communicator
  readonly #maxNorm: number
  readonly #maxStaleness: number
  readonly #place: Slice
  readonly #inner: Optimizer
  #slice: Float32Array = new Float32Array()
  #version = 0

  /** @param inner moves the slice */
  constructor(comm: Communicator, config: TrainConfig, place: Slice, inner: Optimizer) {
    this.#comm = comm
    this.#maxNorm = config.maxGradNorm
    this.#maxStaleness = config.maxStaleness ?? STEPS_PER_WORKER * (comm.size - config.servers)
    this.#place = place
    this.#inner = inner
  }

  /** Takes its slice of a whole state. */
  begin({ parameters, adam }: TrainState): void {
    const { first, last } = this.#place
    this.#slice = parameters.slice(first, last)
    this.#inner.state = sliceOfAdam(adam, this.#place)
  }

  /** Answers what that rank says, until it has gone. */
  async serve(from: number): Promise<void> {
    const [room, answer] = [letterFor(this.#place), answerFor(this.#place)] // that worker's own: others are served meanwhile
    for (;;) {
      const letter = await hear(this.#comm, from, room)
      this.received += room.byteLength + letter.report.byteLength
      if (letter.kind === Kind.gone) return
      const message = await this.#reply(letter, answer)
      await this.#comm.send(message, from)
      this.sent += message.byteLength
    }
  }

  /** As it is now. */
  get served(): Served {
    return { parameters: this.#slice, adam: this.#inner.state }
  }

  async #reply(letter: Letter, answer: Answer): Promise<Float64Array | Uint8Array> {
    if (letter.kind === Kind.report) return this.reported(letter.report)
    if (letter.kind === Kind.gather) return packServed(this.served)
    if (letter.kind === Kind.push) await this.#step(letter)
    answer.version[0] = this.#version
    answer.parameters.set(this.#slice)
    return answer.message
  }

  async #step({ version, learningRate, norm, gradient }: Push): Promise<void> {
    const age = this.#version - version
    if (age > this.#maxStaleness) {
      this.dropped++
      return
    }
    this.ages.push(age)
    this.#version++
    await this.#inner.step(this.#slice, gradient, norm, this.#maxNorm, learningRate)
  }
}

export const servedLength = ({ first, last }: Slice): number => 2 + 3 * (last - first)

/** Both powers, then the slice and its moments. */
export function packServed({ parameters, adam }: Served): Float64Array {
  const { firstMoment, secondMoment, beta1Power, beta2Power } = adam
  const { length } = parameters
  const block = new Float64Array(servedLength({ first: 0, last: length }))
  block.set([beta1Power, beta2Power])
  for (const [k, array] of [parameters, firstMoment, secondMoment].entries()) block.set(array, 2 + k * length)
  return block
}

/** Writes it where it belongs in the whole. */
export function unpackServed(block: Float64Array, { first, last }: Slice, whole: Served): void {
  const { parameters, adam } = whole
  const length = last - first
  adam.beta1Power = block[0]
  adam.beta2Power = block[1]
  for (const [k, array] of [parameters, adam.firstMoment, adam.secondMoment].entries())
    array.set(block.subarray(2 + k * length, 2 + (k + 1) * length), first)
}
