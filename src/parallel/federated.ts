import { Purpose, uniform } from '../base/math/streams.ts'
import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import { areAlike } from '../env/registry.ts'
import type { TrainConfig } from '../ppo/config.ts'
import type { Sizes } from '../ppo/sizes.ts'
import { mean, type TrainState } from '../ppo/state.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { anyAsks, everybody } from './allreduce.ts'
import { gaussian, shortened } from './clipping.ts'
import { cutOf } from './cut.ts'
import { epsilonOf } from './secure/accountant.ts'
import { addFixed, fromFixed, toFixed } from './secure/fixedpoint.ts'
import { maskedSum, openSum, type Summed } from './secure/sum.ts'
import type { Setting, Way } from './way.ts'

/** Chance with which what epsilon promises may fail. */
const DELTA = 1e-5

/** Returns go along with an update, made small enough for its range. */
const PER_RETURN = 1 / 1024

/**
 * Federated averaging (McMahan et al. 2017, arXiv 1602.05629): every rank is a client with environments of its own, which
 * learns by itself; after some updates the clients' changes of the parameters are averaged, weighted by the rows behind
 * them. Rows, gradients and moments stay where they are. All sums are of fixed-point numbers (secure/): so they are the same
 * bits under masks as without.
 */
export async function federated({ config, sizes, comm, engine }: Setting): Promise<Way> {
  const alone = (await comm.split(comm.rank)) as Communicator
  const shards = clientShards(config, sizes.numShards, comm.size)
  const numShards = shards[comm.rank]
  const first = shards.slice(0, comm.rank).reduce((sum, own) => sum + own, 0)
  const rounds = new Rounds(config, comm, shards)
  let stopping = false
  const strategy: Strategy = {
    ...everybody(alone, numShards),
    name: 'federated',
    isPrivate: true,
    samples: { first, last: first + numShards },
    rankOf: () => comm.rank,
    prepare: state => rounds.begin(state),
    stops: async asks => {
      stopping = await anyAsks(comm, asks)
      return stopping
    },
    agree: async state => {
      const done = state.update + 1
      const isLast = stopping || done === sizes.numUpdates
      if (isLast || done % config.localUpdates === 0) await rounds.end(state)
    },
    // What an optimiser has seen of a client's gradients is the client's, and so is a round that is not over.
    complete: state => ({ ...state, parameters: rounds.shared, adam: makeOptimizer(engine).state }),
    waited: () => comm.elapsed,
    traffic: () => ({ updates: { bytes: rounds.bytes } }),
    figures: () => rounds.figures,
  }
  const client = comm.members[comm.rank] // stays the same when others are lost
  const env = config.clientEnvs?.[client % config.clientEnvs.length] ?? config.env
  return { strategy, engine, optimizer: makeOptimizer(engine), sizes: { ...sizes, numShards }, env }
}

/** Shards of each client. */
export function clientShards({ clientShards }: TrainConfig, numShards: number, size: number): number[] {
  return clientShards ?? [...cutOf(numShards, size)]
}

/** The rounds of a federation, as one client sees them. */
class Rounds {
  bytes = 0
  figures: Record<string, number | null> = {}
  readonly #config: TrainConfig
  readonly #comm: Communicator
  /** Of each client, in what is averaged; they add up to 1. */
  readonly #shares: number[]
  /** What the round began with, [P]. */
  shared: Float32Array = new Float32Array()

  constructor(config: TrainConfig, comm: Communicator, shards: readonly number[]) {
    const all = shards.reduce((sum, own) => sum + own, 0)
    this.#config = config
    this.#comm = comm
    this.#shares = shards.map(own => own / all)
  }

  begin({ parameters }: TrainState): void {
    this.shared = parameters.slice()
  }

  /** All clients go on from the average of what those of them have learnt who are in the round, and deliver. */
  async end(state: TrainState): Promise<void> {
    const { parameters, update } = state
    const { secure, updateClip } = this.#config
    const change = Float64Array.from(parameters, (x, i) => x - this.shared[i])
    const { norm, scale } = shortened(change, updateClip)
    const share = this.#shares[this.#comm.rank]
    const returns = PER_RETURN * (mean(state.recentReturns) ?? 0)
    const vector = toFixed([...change.map(x => x * scale), returns], share)
    const contribution = {
      vector,
      takesPart: this.#shares.map((_, client) => this.#draw(client, update, 0) < this.#config.clientFraction),
      delivers: this.#draw(this.#comm.rank, update, 1) >= this.#config.dropout,
      finish: (sum: Int32Array) => this.#addNoise(sum.subarray(0, parameters.length)),
    }
    const summed = await (secure ? maskedSum : openSum)(this.#comm, contribution)
    if (summed) this.#learn(summed)
    parameters.set(this.shared)
    this.bytes += 2 * vector.byteLength
    this.#report(summed, norm, update)
  }

  #learn({ sum, delivered }: Summed): void {
    const weight = this.#weightOf(delivered)
    const average = fromFixed(sum)
    for (let i = 0; i < this.shared.length; i++) this.shared[i] += average[i] / weight
  }

  /** With noise the weight of the clients that are expected: who is in a round shall not show (McMahan et al. 2018). */
  #weightOf(delivered: readonly number[]): number {
    const { updateNoise, clientFraction, dropout } = this.#config
    if (updateNoise > 0) return clientFraction * (1 - dropout)
    return delivered.reduce((sum, client) => sum + this.#shares[client], 0)
  }

  /** The aggregator's: its deviation is in terms of what one client can add. */
  #addNoise(sum: Int32Array): void {
    const { updateNoise, updateClip } = this.#config
    if (updateNoise > 0 && updateClip !== null)
      addFixed(sum, gaussian(sum.length, updateNoise * updateClip * Math.max(...this.#shares)))
  }

  #report(summed: Summed | null, norm: number, update: number): void {
    const { updateNoise, clientFraction, localUpdates } = this.#config
    const delivered = summed?.delivered ?? []
    const returns = summed && fromFixed(summed.sum)[this.shared.length]
    const weight = delivered.reduce((sum, client) => sum + this.#shares[client], 0)
    const rounds = Math.ceil((update + 1) / localUpdates)
    this.figures = {
      'federated/clients': delivered.length,
      'federated/update_norm': norm,
      ...(returns !== null && { 'charts/episodic_return': returns / weight / PER_RETURN }),
      ...(updateNoise > 0 && { 'privacy/epsilon': epsilonOf(rounds, clientFraction, updateNoise, DELTA) }),
    }
  }

  /** The same number on all ranks; `which` of a client's two in this round. */
  #draw(client: number, update: number, which: number): number {
    return uniform(this.#config.seed, Purpose.client, client, update, which)
  }
}

/** What cannot be, as a sentence; null: it can. */
export function federatedProblem(
  config: TrainConfig,
  { numShards }: Pick<Sizes, 'numShards'>,
  size: number,
): string | null {
  const {
    clientShards: shards,
    clientFraction,
    secure,
    updateNoise,
    updateClip,
    normalizeObservations,
  } = config
  const sum = shards?.reduce((total, own) => total + own, 0)
  if (shards && (shards.length !== size || sum !== numShards))
    return `--client-shards ${shards} must be ${size} numbers, one for each rank, that add up to --shards ${numShards}`
  const other = config.clientEnvs?.find(id => !areAlike(id, config.env))
  if (other) return `--client-envs ${other} has other observations or actions than --env ${config.env}`
  if (size < 2) return 'needs two clients: use -np 2 or more'
  if (secure && size < 3) return '--secure hides a client among two others: use -np 3 or more'
  if (clientFraction === 0) return '--client-fraction 0 leaves no client in a round; use more than 0'
  if (updateNoise > 0 && updateClip === null)
    return '--update-noise is measured in --update-clip: give that too'
  if (normalizeObservations)
    return '--normalize-observations would need what clients keep to themselves; leave it out'
  return null
}
