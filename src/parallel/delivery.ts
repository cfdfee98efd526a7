import type { Part } from '../base/math/parts.ts'
import { Rollout } from '../ppo/rollout.ts'
import { count, environmentsOf } from '../ppo/strategy.ts'
import { Flow } from './flow.ts'
import { packShard, shardBytes, unpackShard } from './trajectories.ts'
import type { Setting } from './way.ts'

/** Which rank samples a shard, and which learns from it. */
export interface Holders {
  sampler(shard: number): number
  learner(shard: number): number
}

/** Carries every shard's rows from who has sampled them to who learns from them. */
export class Delivery {
  readonly flow: Flow = new Flow()
  readonly #setting: Setting
  readonly #samples: Part
  readonly #learns: Part | null
  readonly #holders: Holders
  /** Where this rank's rows to learn from lie. */
  #learnt: Rollout | undefined

  /** @param samples this rank's shards to sample; @param learns and to learn from, if it does */
  constructor(setting: Setting, samples: Part, learns: Part | null, holders: Holders) {
    this.#setting = setting
    this.#samples = samples
    this.#learns = learns
    this.#holders = holders
  }

  /** @returns the rows that this rank learns from, if it does */
  carry(rollout: Rollout): Promise<Rollout> {
    return this.flow.time(async () => {
      await this.#send(rollout)
      if (!this.#learns) return rollout
      this.#learnt ??= roomFor(this.#learns, rollout, this.#setting)
      await this.#receive(this.#learns, this.#learnt)
      return this.#learnt
    })
  }

  async #send(rollout: Rollout): Promise<void> {
    const { comm, sizes } = this.#setting
    const { first, last } = this.#samples
    for (let shard = first; shard < last; shard++) {
      const message = packShard(rollout, shard - first, sizes)
      await comm.send(message, this.#holders.learner(shard))
      this.flow.bytes += message.length
    }
  }

  async #receive({ first, last }: Part, learnt: Rollout): Promise<void> {
    const { comm, sizes } = this.#setting
    const length = shardBytes(learnt, sizes)
    for (let shard = first; shard < last; shard++) {
      const message = new Uint8Array(length)
      await comm.recv(message, this.#holders.sampler(shard))
      unpackShard(message, learnt, shard - first, sizes)
      this.flow.bytes += length
    }
  }
}

/** Room for the rows of some shards, for the columns that `like` has. */
function roomFor(shards: Part, like: Rollout, { sizes, engine }: Setting): Rollout {
  const { network } = engine.layout
  const { first, last } = environmentsOf(shards, sizes.envsPerShard)
  return new Rollout(like.numSteps, last - first, network, count(shards), like.distributions !== null)
}
