import { randomBytes } from 'node:crypto'
import { combine, split } from 'shamir-secret-sharing'
import type { Communicator } from '../../collective/communicator.ts'
import { agreedKey, KEY_BYTES, type KeyPair, newKeyPair, SEAL_BYTES, seal, unseal } from './keys.ts'
import { addMask, addWrapping } from './masks.ts'

/** What is added up, and by whom. */
export interface Contribution {
  /** Fixed-point numbers, as many on every rank. */
  vector: Int32Array
  /** Which ranks take part in this sum: the same on all. */
  takesPart: readonly boolean[]
  /** False: this rank has taken part, and drops out before it sends. */
  delivers: boolean
  /** What the aggregator does to the sum before it tells anybody. */
  finish?: (sum: Int32Array) => void
}

export interface Summed {
  sum: Int32Array
  /** Ranks that are in it. */
  delivered: number[]
}

/** The rank that receives what clients send. */
export const AGGREGATOR = 0

/** Adds up what is delivered, modulo 2^32: the sum on all ranks; null where too few are left. */
export async function openSum(comm: Communicator, contribution: Contribution): Promise<Summed | null> {
  const summed = await gatherSum(comm, contribution, contribution.vector)
  if (summed !== null) await tell(comm, summed, contribution)
  return summed
}

/**
 * The same sum, bit for bit, of which the aggregator learns no term: every two clients share a mask that one adds and the
 * other takes away, and each adds one of its own (Bonawitz et al. 2017, "Practical Secure Aggregation for
 * Privacy-Preserving Machine Learning", figure 4; for an aggregator that is curious and keeps to the protocol). Shamir
 * shares of all seeds lie with the other clients: more than half of them together give back the key of one that has dropped
 * out, and the own mask of one that has not; never both. All keys are of this sum alone.
 */
export async function maskedSum(comm: Communicator, contribution: Contribution): Promise<Summed | null> {
  const clients = contribution.takesPart.flatMap((takes, rank) => (takes ? [rank] : []))
  if (clients.length < 2) return null // alone there is nobody to hide behind
  const me = clients.indexOf(comm.rank)
  const threshold = thresholdOf(clients.length)
  const [masks, channel] = [newKeyPair(), newKeyPair()]
  const own = randomBytes(KEY_BYTES)

  // 1. Public keys, and everybody's shares of everybody's secrets, sealed for who keeps them.
  const keys = await comm.allgather(Buffer.concat([masks.publicKey, channel.publicKey]))
  const maskKey = (rank: number) => keys[rank].subarray(0, KEY_BYTES)
  const channelKey = (rank: number) => keys[rank].subarray(KEY_BYTES)
  const sealed =
    me < 0
      ? new Uint8Array(0)
      : await sealShares([masks.privateKey, own], clients, threshold, channel, channelKey)
  const kept = await comm.allgather(sealed)

  // 2. Vectors under their masks.
  const masked = contribution.vector.slice()
  if (me >= 0) {
    addMask(masked, own, 1)
    addPairMasks(masked, masks, comm.rank, clients, maskKey)
  }
  const summed = await gatherSum(comm, contribution, masked)
  if (summed === null) return null

  // 3. Of each client one secret: the own mask of who has delivered, the key of who has not.
  const revealed = await comm.gather(
    me < 0 || !contribution.delivers
      ? new Uint8Array(0)
      : openShares(kept, clients, me, summed.delivered, channel, channelKey),
    AGGREGATOR,
  )
  if (revealed !== null) await unmask(summed, revealed, clients, threshold, maskKey)
  await tell(comm, summed, contribution)
  return summed
}

/** More than half: two sets of that many have a client in common, who gives away one of the two secrets only. */
export const thresholdOf = (clients: number): number => Math.max(2, Math.floor(clients / 2) + 1)

async function tell(comm: Communicator, { sum }: Summed, { finish }: Contribution): Promise<void> {
  if (comm.rank === AGGREGATOR) finish?.(sum)
  await comm.broadcast(sum, AGGREGATOR)
}

/** Bytes of a share: the library adds one to the secret's. */
const SHARE_BYTES = KEY_BYTES + 1
const SECRETS = 2

/** For each client in turn: its shares of this rank's secrets. */
async function sealShares(
  secrets: readonly Uint8Array[],
  clients: readonly number[],
  threshold: number,
  channel: KeyPair,
  channelKey: (rank: number) => Uint8Array,
): Promise<Uint8Array> {
  const shares = await Promise.all(
    secrets.map(secret => split(new Uint8Array(secret), clients.length, threshold)),
  )
  return Buffer.concat(
    clients.map((rank, k) =>
      seal(agreedKey(channel, channelKey(rank), 'shares'), Buffer.concat(shares.map(of => of[k]))),
    ),
  )
}

/** What this rank keeps of each client: the share of the one secret that is to be known. */
function openShares(
  kept: readonly Uint8Array[],
  clients: readonly number[],
  me: number,
  delivered: readonly number[],
  channel: KeyPair,
  channelKey: (rank: number) => Uint8Array,
): Uint8Array {
  const length = SECRETS * SHARE_BYTES + SEAL_BYTES
  return Buffer.concat(
    clients.map(rank => {
      const sealed = kept[rank].subarray(me * length, (me + 1) * length)
      const shares = unseal(agreedKey(channel, channelKey(rank), 'shares'), sealed)
      return delivered.includes(rank) ? shares.subarray(SHARE_BYTES) : shares.subarray(0, SHARE_BYTES)
    }),
  )
}

/** Takes away, from the sum, the own masks of those in it, and what it has of the masks shared with those who are not. */
async function unmask(
  { sum, delivered }: Summed,
  revealed: readonly Uint8Array[],
  clients: readonly number[],
  threshold: number,
  maskKey: (rank: number) => Uint8Array,
): Promise<void> {
  const keepers = clients.filter(rank => delivered.includes(rank)).slice(0, threshold)
  for (const [k, rank] of clients.entries()) {
    const shares = keepers.map(keeper => revealed[keeper].slice(k * SHARE_BYTES, (k + 1) * SHARE_BYTES))
    const secret = await combine(shares.map(share => new Uint8Array(share)))
    if (delivered.includes(rank)) addMask(sum, secret, -1)
    else addPairMasks(sum, { privateKey: secret, publicKey: maskKey(rank) }, rank, delivered, maskKey)
  }
}

/** The masks that `rank` shares with `others`: the lower rank adds, the higher takes away. */
function addPairMasks(
  vector: Int32Array,
  own: KeyPair,
  rank: number,
  others: readonly number[],
  maskKey: (rank: number) => Uint8Array,
): void {
  for (const other of others)
    if (other !== rank) addMask(vector, agreedKey(own, maskKey(other), 'mask'), rank < other ? 1 : -1)
}

/** What is delivered goes to the aggregator and to nobody else, where the sum is; who delivered, to all. */
async function gatherSum(
  comm: Communicator,
  { takesPart, delivers }: Contribution,
  vector: Int32Array,
): Promise<Summed | null> {
  const sent = takesPart[comm.rank] && delivers
  const vectors = await comm.gather(sent ? vector : new Int32Array(0), AGGREGATOR)
  const sum = new Int32Array(vector.length)
  for (const delivered of vectors ?? []) if (delivered.length > 0) addWrapping(sum, delivered)
  const present = Int32Array.from(takesPart, (_, rank) => (vectors && vectors[rank].length > 0 ? 1 : 0))
  await comm.broadcast(present, AGGREGATOR)
  const delivered = [...present.keys()].filter(rank => present[rank] === 1)
  return delivered.length < thresholdOf(takesPart.filter(takes => takes).length) ? null : { sum, delivered }
}
