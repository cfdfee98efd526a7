import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { concatenated } from '../base/math/parts.ts'
import { type About, DIFFERS, inFile, readAbout } from './about.ts'
import { Draft, fileOf, nameIn, STATE } from './draft.ts'
import { findCheckpoint } from './folder.ts'
import { decodeHeader, headerLength, type NamedTensor } from './safetensors.ts'

/**
 * A checkpoint on disk: a folder `checkpoints/<steps>` with
 *
 *   checkpoint.json            what it is of: environment, network, normaliser, steps, hashes of the other files
 *   parameters.safetensors     the parameters, for other programs too
 *   first_moment.safetensors   ... and other vectors that training goes on from, in the same form
 *   state.v8                   whatever else it needs to go on exactly (V8's serialisation of plain data)
 *
 * and the links `checkpoints/latest`, to the newest, and `best`, to that with the best score. Written aside, synced and renamed: a reader never sees half of one.
 */
export interface Checkpoint extends About {
  /** Of the flat vectors below, in order. */
  tensors: readonly NamedTensor[]
  parameters: Float32Array
  /** Others, by name. */
  vectors: Record<string, Float32Array>
  /** Plain data and typed arrays; null: the policy alone. */
  state: unknown
}

/** Writes `checkpoints/<steps>` below the run's folder and points `latest` at it. Returns its path. */
export async function saveCheckpoint(runFolder: string, checkpoint: Checkpoint): Promise<string> {
  const { tensors, parameters, vectors, state, ...about } = checkpoint
  const draft = new Draft(runFolder, about.steps, tensors)
  const all = Object.entries({ parameters, ...vectors })
  try {
    await draft.begin(all.length)
    for (const [name, vector] of all) await draft.write(name, vector)
    return await draft.seal(about, state)
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** A checkpoint that is intact, its vectors still on the disk. */
export interface OpenCheckpoint extends About {
  folder: string
  tensors: readonly NamedTensor[]
  /** Names of the vectors. */
  vectors: string[]
  state: unknown
}

/** @param path a run's folder (its latest checkpoint) or a checkpoint's own. Throws UsageError if it is neither. */
export function openCheckpoint(path: string): OpenCheckpoint {
  const folder = findCheckpoint(path)
  const { files, ...about } = readAbout(folder)
  for (const [name, hash] of Object.entries(files))
    inFile(folder, name, () => {
      if (hashOfFile(join(folder, name)) !== hash) throw new Error(DIFFERS)
    })
  const vectors = Object.keys(files).flatMap(nameIn)
  const { tensors } = inFile(folder, fileOf('parameters'), () => headerOfFile(folder, 'parameters'))
  const state: unknown = inFile(folder, STATE, () => deserialize(readFileSync(join(folder, STATE))))
  return { ...about, folder, tensors, vectors, state }
}

/** The same with its vectors in memory. */
export function loadCheckpoint(path: string): Checkpoint {
  const { folder, vectors: names, ...rest } = openCheckpoint(path)
  const all = names.map(name => [name, concatenated([...readVector(folder, name)])])
  const { parameters, ...vectors } = Object.fromEntries(all) as Record<string, Float32Array>
  return { ...rest, parameters, vectors }
}

/** The blocks of a vector of a checkpoint, of so many elements but the last, in order. */
export function* readVector(
  folder: string,
  name: string,
  elements: number = 1 << 18,
): Generator<Float32Array> {
  const { begin } = headerOfFile(folder, name)
  for (const bytes of chunksOf(join(folder, fileOf(name)), begin, 4 * elements))
    yield new Float32Array(bytes.buffer, 0, bytes.length / 4)
}

function headerOfFile(folder: string, name: string): { tensors: NamedTensor[]; begin: number } {
  const path = join(folder, fileOf(name))
  const { size } = statSync(path)
  const [first] = chunksOf(path, 0, 8)
  const length = 8 + headerLength(first ?? new Uint8Array(0))
  const [beginning] = length <= size ? chunksOf(path, 0, length) : [new Uint8Array(0)]
  return decodeHeader(beginning, size)
}

function hashOfFile(path: string): string {
  const hash = createHash('sha256')
  for (const bytes of chunksOf(path, 0, 1 << 20)) hash.update(bytes)
  return hash.digest('hex')
}

/** What lies in a file from a place on, so many bytes at a time, each in memory of its own. */
function* chunksOf(path: string, from: number, most: number): Generator<Uint8Array<ArrayBuffer>> {
  const file = openSync(path, 'r')
  try {
    for (let at = from; ; ) {
      const bytes = new Uint8Array(most)
      const length = readSync(file, bytes, 0, most, at)
      if (length === 0) return
      at += length
      yield bytes.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}
