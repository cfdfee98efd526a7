import { NonFiniteError } from '../base/errors.ts'
import {
  type Moments,
  mergeMoments,
  mergeVectors,
  momentsOf,
  type VectorMoments,
  vectorMoments,
} from '../base/math/moments.ts'
import { Reader, Writer } from './numbers.ts'
import { type Episode, type Flaw, flaws, type Rollout, rowOfShard } from './rollout.ts'
import type { Sizes } from './sizes.ts'
import { count, type Strategy } from './strategy.ts'

/** What every rank knows of the whole rollout after the update's one allgather. */
export interface Shared {
  /** Advantages of all shards, [numShards, rowsPerShard]: each minibatch is normalised over its global rows. */
  advantages: Float32Array
  /** Of the returns of all rows, for the explained variance. */
  returns: Moments
  /** Of the observations before normalisation, and of the discounted returns: merged in shard order. */
  observationMoments: VectorMoments
  rewardMoments: VectorMoments
  /** Episodes that ended, in the order of steps, then environments. */
  episodes: Episode[]
  /** The first number that is not finite, by rank. */
  flaw: (Flaw & { rank: number }) | null
  /** Some rank asks that all end after this update. */
  stop: boolean
}

/** The one allgather of an update. @param asksToStop whether this rank does */
export async function share(
  strategy: Strategy,
  rollout: Rollout,
  sizes: Sizes,
  asksToStop: boolean,
): Promise<Shared> {
  const blocks = await strategy.share(pack(strategy, rollout, sizes, asksToStop))
  const shared: Shared = {
    advantages: new Float32Array(sizes.numShards * sizes.rowsPerShard),
    returns: { count: 0, mean: 0, m2: 0 },
    observationMoments: vectorMoments(rollout.observationSize),
    rewardMoments: vectorMoments(1),
    episodes: [],
    flaw: null,
    stop: false,
  }
  let shard = 0
  for (const block of blocks) shard = unpack(shared, new Reader(block), strategy, shard, sizes)
  shared.episodes.sort((a, b) => a.t - b.t || a.env - b.env)
  return shared
}

/** Throws on all ranks alike, before anything is learnt from a number that is not finite. */
export function assertFinite(flaw: Shared['flaw'], update: number): void {
  if (!flaw) return
  const { what, env, rank, t, value } = flaw
  throw new NonFiniteError(
    `the ${what} is ${value} in environment ${env} (rank ${rank}) at step ${t} of update ${update + 1}`,
  )
}

/** A rank's block: whether it asks to stop, what is not finite, its shards, its episodes. */
function pack(strategy: Strategy, rollout: Rollout, sizes: Sizes, asksToStop: boolean): Float64Array {
  const { rowsPerShard } = sizes
  const { flaw, episodes } = rollout
  const writer = new Writer()
  writer.put(asksToStop ? 1 : 0)
  writer.put(flaw ? flaws.indexOf(flaw.what) : -1, flaw?.env ?? 0, flaw?.t ?? 0, flaw?.value ?? 0)
  const rows = new Int32Array(rowsPerShard)
  const advantages = new Float64Array(rowsPerShard)
  writer.put(count(strategy.samples))
  for (let local = 0; local < count(strategy.samples); local++) {
    for (let j = 0; j < rowsPerShard; j++) {
      rows[j] = rowOfShard(rollout, sizes, local, j)
      advantages[j] = rollout.advantages[rows[j]]
    }
    const { mean, m2 } = momentsOf(rollout.returns, rows)
    writer.put(mean, m2)
    putMoments(writer, rollout.observationMoments[local])
    putMoments(writer, rollout.rewardMoments[local])
    writer.putArray(advantages)
  }
  writer.put(episodes.length)
  for (const { t, env, return: total, length } of episodes) writer.put(t, env, total, length)
  return writer.take()
}

/** @returns the shard after the block's last. */
function unpack(
  shared: Shared,
  reader: Reader,
  strategy: Strategy,
  firstShard: number,
  { rowsPerShard, envsPerShard }: Sizes,
): number {
  if (reader.next() !== 0) shared.stop = true
  const [kind, flawed, at, value] = reader.array(4)
  const rank = strategy.rankOf(Math.floor(flawed / envsPerShard))
  if (kind >= 0) shared.flaw ??= { what: flaws[kind], env: flawed, t: at, value, rank }
  const endShard = firstShard + reader.next()
  for (let shard = firstShard; shard < endShard; shard++) {
    const [mean, m2] = reader.array(2)
    shared.returns = mergeMoments(shared.returns, { count: rowsPerShard, mean, m2 })
    mergeNext(shared.observationMoments, reader)
    mergeNext(shared.rewardMoments, reader)
    shared.advantages.set(reader.array(rowsPerShard), shard * rowsPerShard)
  }
  for (let left = reader.next(); left > 0; left--) {
    const [t, env, total, length] = reader.array(4)
    shared.episodes.push({ t, env, return: total, length })
  }
  return endShard
}

function putMoments(writer: Writer, { count, mean, m2 }: VectorMoments): void {
  writer.put(count)
  writer.putArray(mean)
  writer.putArray(m2)
}

function mergeNext(moments: VectorMoments, reader: Reader): void {
  const size = moments.mean.length
  mergeVectors(moments, { count: reader.next(), mean: reader.array(size), m2: reader.array(size) })
}
