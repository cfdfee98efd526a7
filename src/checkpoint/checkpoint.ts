import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { type About, DIFFERS, type Files, hashOf, inFile, readAbout } from './about.ts'
import { Draft, fileOf, STATE } from './draft.ts'
import { findCheckpoint } from './folder.ts'
import { decodeSafetensors, type NamedTensor } from './safetensors.ts'

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

/** @param path a run's folder (its latest checkpoint) or a checkpoint's own. Throws UsageError if it is neither. */
export function loadCheckpoint(path: string): Checkpoint {
  const folder = findCheckpoint(path)
  const { files, ...about } = readAbout(folder)
  const read = (name: string) =>
    inFile(folder, fileOf(name), () => decodeSafetensors(readChecked(folder, fileOf(name), files)))
  const { tensors, vector: parameters } = read('parameters')
  const others = Object.keys(files).flatMap(
    file => /^(?!parameters\.)(.+)\.safetensors$/.exec(file)?.[1] ?? [],
  )
  const vectors = Object.fromEntries(others.map(name => [name, read(name).vector]))
  const state: unknown = inFile(folder, STATE, () => deserialize(readChecked(folder, STATE, files)))
  return { ...about, tensors, parameters, vectors, state }
}

function readChecked(folder: string, name: string, hashes: Files): Uint8Array {
  const bytes = readFileSync(join(folder, name))
  if (hashOf(bytes) !== hashes[name]) throw new Error(DIFFERS)
  return bytes
}
