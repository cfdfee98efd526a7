import type { Communicator } from '../../collective/communicator.ts'

/** A shard's experience on its way into a minibatch. */
interface Arrived {
  bytes: Uint8Array
  message: Message
}

interface Message {
  actor: number
  /** Updates behind the policy that sampled it. */
  version: number
  /** Shards of it that are still here. */
  left: number
}

/** What an actor sends: the policy's version, or GONE, then its shards. */
export const STAMP = 8
export const GONE = -1

/**
 * What actors have sent and nobody has learnt from yet. It listens to each all the time, so that none waits to be heard.
 */
export class Inbox {
  /** Milliseconds spent waiting for actors. */
  waited = 0
  /** Shards that were too old to learn from. */
  dropped = 0
  bytes = 0
  readonly #queue: Arrived[] = []
  readonly #taken: (actor: number) => void
  #wake = () => {}
  #failure: unknown = null

  /** @param taken told, by actor, of each of its messages of which nothing is left here */
  constructor(taken: (actor: number) => void) {
    this.#taken = taken
  }

  /** Takes in what an actor sends, until it has gone. @param shards in a message, each of so many bytes */
  async listen(comm: Communicator, actor: number, shards: number, shardBytes: number): Promise<void> {
    try {
      for (;;) {
        const message = new Uint8Array(STAMP + shards * shardBytes)
        await comm.recv(message, actor)
        const [version] = new Float64Array(message.buffer, 0, 1)
        if (version === GONE) return
        this.bytes += message.length
        const from: Message = { actor, version, left: shards }
        for (let k = 0; k < shards; k++) {
          const first = STAMP + k * shardBytes
          this.#queue.push({ bytes: message.subarray(first, first + shardBytes), message: from })
        }
        this.#wake()
      }
    } catch (error) {
      this.#failure ??= error
      this.#wake()
    }
  }

  /** The oldest shard of at least that version. */
  async next(leastVersion: number): Promise<{ version: number; bytes: Uint8Array }> {
    const begin = performance.now()
    for (;;) {
      if (this.#failure) throw this.#failure
      const arrived = this.#queue.shift()
      if (arrived === undefined) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        continue
      }
      const { bytes, message } = arrived
      message.left--
      if (message.left === 0) this.#taken(message.actor)
      if (message.version >= leastVersion) {
        this.waited += performance.now() - begin
        return { version: message.version, bytes }
      }
      this.dropped++
    }
  }
}
