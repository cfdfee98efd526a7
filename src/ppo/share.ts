import { type Moments, mergeMoments, momentsOf } from '../base/math/moments.ts'
import { type Episode, type Rollout, rowOfShard } from './rollout.ts'
import type { Sizes } from './sizes.ts'
import type { Strategy } from './strategy.ts'

/** What every rank knows of the whole rollout after the update's one allgather. */
export interface Shared {
  /** Advantages of all shards, [numShards, rowsPerShard]: each minibatch is normalised over its global rows. */
  advantages: Float32Array
  /** Of the returns of all rows, for the explained variance. */
  returns: Moments
  /** Episodes that ended, in the order of steps, then environments. */
  episodes: Episode[]
}

/** Before the advantages of a shard in its rank's block: mean and M2 of its returns. */
const PER_SHARD = 2
const PER_EPISODE = 4

/** The one allgather of an update. Its block holds the rank's shards, then its episodes. */
export async function share(strategy: Strategy, rollout: Rollout, sizes: Sizes): Promise<Shared> {
  const blocks = await strategy.share(pack(strategy, rollout, sizes))
  const { numShards, rowsPerShard } = sizes
  const shared: Shared = {
    advantages: new Float32Array(numShards * rowsPerShard),
    returns: { count: 0, mean: 0, m2: 0 },
    episodes: [],
  }
  let shard = 0
  for (const block of blocks) {
    const shards = block[0]
    unpackShards(shared, block.subarray(1), shards, shard, rowsPerShard)
    unpackEpisodes(shared, block.subarray(1 + shards * (PER_SHARD + rowsPerShard)))
    shard += shards
  }
  shared.episodes.sort((a, b) => a.t - b.t || a.env - b.env)
  return shared
}

function pack(strategy: Strategy, rollout: Rollout, sizes: Sizes): Float64Array {
  const { rowsPerShard } = sizes
  const shards = strategy.lastShard - strategy.firstShard
  const perShard = PER_SHARD + rowsPerShard
  const block = new Float64Array(1 + shards * perShard + rollout.episodes.length * PER_EPISODE)
  const rows = new Int32Array(rowsPerShard)
  block[0] = shards
  for (let local = 0; local < shards; local++) {
    const at = 1 + local * perShard
    for (let j = 0; j < rowsPerShard; j++) rows[j] = rowOfShard(rollout, sizes, local, j)
    const { mean, m2 } = momentsOf(rollout.returns, rows)
    block.set([mean, m2], at)
    for (let j = 0; j < rowsPerShard; j++) block[at + PER_SHARD + j] = rollout.advantages[rows[j]]
  }
  rollout.episodes.forEach((episode, i) => {
    block.set(
      [episode.t, episode.env, episode.return, episode.length],
      1 + shards * perShard + i * PER_EPISODE,
    )
  })
  return block
}

function unpackShards(
  shared: Shared,
  block: Float64Array,
  shards: number,
  first: number,
  rowsPerShard: number,
): void {
  for (let local = 0; local < shards; local++) {
    const at = local * (PER_SHARD + rowsPerShard)
    const [mean, m2] = block.subarray(at, at + PER_SHARD)
    shared.returns = mergeMoments(shared.returns, { count: rowsPerShard, mean, m2 })
    const advantages = block.subarray(at + PER_SHARD, at + PER_SHARD + rowsPerShard)
    shared.advantages.set(advantages, (first + local) * rowsPerShard)
  }
}

function unpackEpisodes(shared: Shared, block: Float64Array): void {
  for (let i = 0; i < block.length; i += PER_EPISODE) {
    const [t, env, total, length] = block.subarray(i, i + PER_EPISODE)
    shared.episodes.push({ t, env, return: total, length })
  }
}
