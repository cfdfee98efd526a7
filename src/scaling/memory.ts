import type { Eventually } from '../base/eventually.ts'
import { slice } from '../collective/algorithm.ts'
import { copyOf, newArray, type TypedArray } from '../collective/arrays.ts'
import type { Exchange } from '../collective/exchange.ts'
import type { DTypeName } from '../collective/frame.ts'
import type { HostMemory } from '../collective/hostmemory.ts'
import { LOOKING } from '../collective/meeting.ts'
import type { Reduce } from '../collective/reduce.ts'
import type { SimulatedNetwork } from './cluster.ts'
import type { MemoryCost } from './costs.ts'

/** What the ranks of one simulated host have in common: who has come to the meeting under way, with what. */
export class SimulatedHost {
  readonly first: number
  readonly size: number
  #brought: unknown[] = []
  #come = 0
  #open: () => void = () => {}
  #meeting: Promise<unknown[]>

  /** @param first rank of the host in the job. */
  constructor(first: number, size: number) {
    this.first = first
    this.size = size
    this.#meeting = this.#next()
  }

  /** Everybody's, by rank, once the last has come. */
  meet<T>(rank: number, value: T): Promise<T[]> {
    const meeting = this.#meeting
    this.#brought[rank] = value
    if (++this.#come === this.size) {
      this.#open()
      this.#meeting = this.#next()
    }
    return meeting as Promise<T[]>
  }

  #next(): Promise<unknown[]> {
    const brought: unknown[] = new Array(this.size)
    this.#brought = brought
    this.#come = 0
    return new Promise(resolve => {
      this.#open = () => resolve(brought)
    })
  }
}

/**
 * The twin of collective/shm.ts in a simulation: the same meetings, the same slices, and their time; who sums is charged
 * for it by `reduce` itself.
 */
export class SimulatedMemory implements HostMemory {
  readonly #host: SimulatedHost
  readonly #rank: number
  readonly #network: SimulatedNetwork
  readonly #cost: MemoryCost
  /** Those of buffer(), which are not copied. */
  readonly #inPlace = new WeakSet<ArrayBufferLike>()

  /** @param rank in the job. */
  constructor(host: SimulatedHost, rank: number, network: SimulatedNetwork, cost: MemoryCost) {
    this.#host = host
    this.#rank = rank - host.first
    this.#network = network
    this.#cost = cost
  }

  buffer(length: number, dtype: DTypeName): TypedArray {
    const array = newArray(length, dtype)
    this.#inPlace.add(array.buffer)
    return array
  }

  async allreduce(_: Exchange, array: TypedArray, reduce: Reduce): Promise<void> {
    const all = await this.#meet(array, this.#copied(array))
    const mine = copyOf(slice(all[0], this.#rank, this.#host.size))
    for (const other of all.slice(1)) reduce(mine, slice(other, this.#rank, this.#host.size))
    const slices = await this.#meet(mine, 0)
    for (const [rank, sum] of slices.entries()) slice(array, rank, this.#host.size).set(sum)
    await this.#copy(this.#copied(array))
  }

  async reduceScatter(x: Exchange, array: TypedArray, reduce: Reduce): Promise<TypedArray> {
    const whole = copyOf(array)
    await this.allreduce(x, whole, reduce)
    return copyOf(slice(whole, this.#rank, this.#host.size))
  }

  /** The first rank's array is the sum in the common place; the others wait for what becomes of it. */
  async reduceThen(
    x: Exchange,
    _: number,
    array: TypedArray,
    reduce: Reduce,
    beyond: (sum: TypedArray) => Eventually<void>,
  ): Promise<void> {
    await this.allreduce(x, array, reduce)
    if (this.#rank === 0) await beyond(array)
    const [sum] = await this.#meet(copyOf(array), 0)
    array.set(sum)
  }

  async allgather(_: Exchange, array: TypedArray): Promise<TypedArray[]> {
    return (await this.#meet(copyOf(array), array.byteLength)).map(other => copyOf(other))
  }

  async gather(x: Exchange, array: TypedArray, root: number): Promise<TypedArray[] | null> {
    const all = await this.allgather(x, array)
    return this.#rank === root ? all : null
  }

  async broadcast(_: Exchange, array: TypedArray, root: number): Promise<void> {
    const all = await this.#meet(copyOf(array), array.byteLength)
    array.set(all[root])
  }

  async barrier(): Promise<void> {
    await this.#meet(null, 0)
  }

  fail(): void {
    // The mailboxes of the same ranks fail too.
  }

  /** Bytes that go into memory, and out again: all but the rank's own slice. */
  #copied(array: TypedArray): number {
    if (this.#inPlace.has(array.buffer)) return 0
    return array.byteLength * (1 - 1 / this.#host.size)
  }

  #copy(bytes: number): Promise<void> {
    return this.#network.compute(this.#host.first + this.#rank, bytes * this.#cost.copy)
  }

  /** Meets the others, behind what this rank has to do already. */
  async #meet<T>(value: T, bytes: number): Promise<T[]> {
    const { meeting, wake } = this.#cost
    const { clock } = this.#network
    await this.#copy(bytes)
    const come = clock.now()
    const all = await this.#host.meet(this.#rank, value)
    await clock.sleep(clock.now() - come > LOOKING ? meeting + wake : meeting)
    return all
  }
}
