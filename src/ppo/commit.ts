import { NonFiniteError } from '../base/errors.ts'
import { concatenated } from '../base/math/parts.ts'
import type { Optimizer } from '../engine/optimizer.ts'
import type { Sampler } from './collect.ts'
import { Reader, Writer } from './numbers.ts'
import { type TrainState, vectorsOf, withVectors } from './state.ts'
import type { Strategy } from './strategy.ts'

/**
 * All that the next update depends on, of the whole job, as plain data, complete on every rank (ARCHITECTURE
 * decision 9): the one thing that checkpoints, resuming with any number of ranks, and recovery are made of.
 */
export interface Commit {
  /** Where a strategy has blocks(), with this rank's pieces of vectors, until they are joined. */
  state: TrainState
  /** Of every environment, in global order, [numEnvs, 3]: return, length and discounted return so far. */
  running: Float64Array
  /** What the environments' save() gave, as many bytes for each; null: they cannot, and begin new episodes. */
  environments: Uint8Array | null
}

/** Takes a commit after an update: one allgather, to which every rank gives its environments. */
export async function commit(
  state: TrainState,
  strategy: Strategy,
  sampler: Sampler,
  optimizer: Optimizer,
): Promise<Commit> {
  assertFiniteParameters(state) // nothing broken takes the place of what is kept
  const parts = (await strategy.share(pack(sampler))).map(unpack)
  const saved = parts.map(({ environments }) => environments)
  return {
    state: copy(await strategy.complete({ ...state, adam: optimizer.state })),
    running: Float64Array.from(parts.flatMap(({ running }) => [...running])),
    environments:
      !strategy.isPrivate && saved.every(bytes => bytes !== null)
        ? Uint8Array.from(Buffer.concat(saved))
        : null,
  }
}

/** A commit with whole vectors on every rank, for who goes on from it with another number of ranks. A collective. */
export async function joined(commit: Commit, { blocks }: Strategy): Promise<Commit> {
  if (!blocks) return commit
  const { parameters, first_moment, second_moment } = vectorsOf(commit.state)
  const join = async (piece: Float32Array) => {
    const parts: Float32Array[] = []
    for await (const block of blocks(piece)) parts.push(block)
    return concatenated(parts)
  }
  const vectors = {
    parameters: await join(parameters),
    first_moment: await join(first_moment),
    second_moment: await join(second_moment),
  }
  return { ...commit, state: withVectors(commit.state, vectors) }
}

/**
 * Puts a rank's environments back where a commit found them; its number of ranks may have been another. Those that it does
 * not hold, as of a client that tells nobody, begin anew.
 */
export async function restore({ running, environments }: Commit, sampler: Sampler): Promise<void> {
  const { envs, firstEnv } = sampler
  const end = firstEnv + envs.numEnvs
  if (environments && envs.load && running.length >= 3 * end) {
    const perEnv = environments.length / (running.length / 3)
    envs.load(environments.slice(firstEnv * perEnv, end * perEnv))
    sampler.running.fromArray(running.subarray(3 * firstEnv, 3 * end))
  } else await envs.reset()
}

/** Throws on all ranks alike: they hold the same. */
function assertFiniteParameters({ parameters, update }: TrainState): void {
  for (let at = 0; at < parameters.length; at++)
    if (parameters[at] - parameters[at] !== 0)
      throw new NonFiniteError(`parameter ${at} is ${parameters[at]} after update ${update}`)
}

type Part = Pick<Commit, 'running' | 'environments'>

function pack({ envs, running }: Sampler): Float64Array {
  const writer = new Writer()
  writer.put(envs.numEnvs)
  writer.putArray(running.toArray())
  const bytes = envs.save?.()
  writer.put(bytes?.length ?? -1)
  const words = new Float64Array(Math.ceil((bytes?.length ?? 0) / 8))
  if (bytes) new Uint8Array(words.buffer).set(bytes)
  writer.putArray(words)
  return writer.take()
}

function unpack(block: Float64Array): Part {
  const reader = new Reader(block)
  const running = reader.array(3 * reader.next())
  const length = reader.next()
  if (length < 0) return { running, environments: null }
  const words = reader.array(Math.ceil(length / 8)).slice()
  return { running, environments: new Uint8Array(words.buffer, 0, length) }
}

/** A copy of plain data; a typed array that is a view of a larger buffer becomes one of its own. */
function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return (value as unknown as Float64Array).slice() as T
  if (Array.isArray(value)) return value.map(copy) as T
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copy(part)])) as T
}
