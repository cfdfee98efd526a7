import type { Rollout } from '../ppo/rollout.ts'
import type { Sizes } from '../ppo/sizes.ts'

/** Rows of a rollout as bytes: what is learnt from, one shard per message. */

/** The rows of the rollout's `local`th shard. */
export function packShard(rollout: Rollout, local: number, sizes: Sizes): Uint8Array {
  return Buffer.concat([...pieces(rollout, local, sizes)])
}

/** Writes them into the `local`th shard of another rank's. */
export function unpackShard(message: Uint8Array, rollout: Rollout, local: number, sizes: Sizes): void {
  fill(pieces(rollout, local, sizes), message)
}

/** Bytes of such a message: the same for all shards. */
export function shardBytes(rollout: Rollout, sizes: Sizes): number {
  return [...pieces(rollout, 0, sizes)].reduce((total, { length }) => total + length, 0)
}

/** Writes a message into the pieces that it was made of on another rank. */
export function fill(pieces: Iterable<Uint8Array>, message: Uint8Array): void {
  let at = 0
  for (const piece of pieces) {
    piece.set(message.subarray(at, at + piece.length))
    at += piece.length
  }
}

function pieces(rollout: Rollout, local: number, sizes: Sizes): Generator<Uint8Array> {
  const { observations, actions, logProbs, values, advantages, returns, distributions } = rollout
  const columns = [observations, actions, logProbs, values, advantages, returns, distributions]
  return rowsOf(columns, rollout, local, sizes)
}

/** A shard's rows of columns [T, N, ...], column after column, step after step: those of neighbouring environments lie side by side. */
export function* rowsOf(
  columns: readonly (ArrayBufferView | null)[],
  { numSteps, numEnvs }: Pick<Rollout, 'numSteps' | 'numEnvs'>,
  local: number,
  { envsPerShard }: Sizes,
): Generator<Uint8Array> {
  for (const column of columns) {
    if (!column) continue
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
    const rowBytes = bytes.length / (numSteps * numEnvs)
    for (let t = 0; t < numSteps; t++) {
      const row = t * numEnvs + local * envsPerShard
      yield bytes.subarray(row * rowBytes, (row + envsPerShard) * rowBytes)
    }
  }
}
