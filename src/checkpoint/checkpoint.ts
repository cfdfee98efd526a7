import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { PporunError, UsageError } from '../base/errors.ts'
import { findCheckpoint, pointTo, remove } from './folder.ts'
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts'

/**
 * A checkpoint on disk: a folder `checkpoints/<steps>` with
 *
 *   checkpoint.json          what it is of: environment, network, normaliser, steps, hashes of the other files
 *   parameters.safetensors   the parameters, for other programs too
 *   state.v8                 whatever else training needs to go on exactly (V8's serialisation of plain data)
 *
 * and the links `checkpoints/latest`, to the newest, and `best`, to that with the best score. Written aside, synced and renamed: a reader never sees half of one.
 */
export interface Checkpoint extends About {
  /** Of the flat vector below, in order. */
  tensors: readonly NamedTensor[]
  parameters: Float32Array
  /** Plain data and typed arrays; null: the policy alone. */
  state: unknown
}

/** (x - mean) * scale, clipped to -clip .. clip; lists of numbers on disk. */
interface StoredNormalizer {
  mean: Float64Array // [obs]
  scale: Float64Array // [obs]
  clip: number
}

interface About {
  env: string
  /** What the engine needs to know to make the network again. */
  network: unknown
  /** What observations go through before the network; null: nothing. */
  normalizer: StoredNormalizer | null
  steps: number
  paramsHash: string
  /** Mean return of its evaluation; null: it has had none. */
  score: number | null
}

const FORMAT = 2
const ABOUT = 'checkpoint.json'
const PARAMETERS = 'parameters.safetensors'
const STATE = 'state.v8'

const DIFFERS = 'its checksum differs'

/** Writes `checkpoints/<steps>` below the run's folder and points `latest` at it. Returns its path. */
export async function saveCheckpoint(runFolder: string, checkpoint: Checkpoint): Promise<string> {
  const { tensors, parameters, state, ...about } = checkpoint
  const path = join(runFolder, 'checkpoints', String(checkpoint.steps))
  const temporary = `${path}.${process.pid}.tmp`
  const data = { [PARAMETERS]: encodeSafetensors(tensors, parameters), [STATE]: serialize(state) }
  const hashes = Object.fromEntries(Object.entries(data).map(([name, bytes]) => [name, hashOf(bytes)]))
  const text = sealed({ format: FORMAT, ...about, files: hashes })
  try {
    await mkdir(temporary, { recursive: true })
    await refuseIfFull(
      temporary,
      Object.values(data).reduce((sum, { length }) => sum + length, text.length),
    )
    for (const [name, bytes] of Object.entries({ ...data, [ABOUT]: text }))
      await writeSynced(join(temporary, name), bytes)
    if (existsSync(path)) await remove(path)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    throw error
  }
  pointTo(dirname(path), 'latest', basename(path))
  if (isBest(runFolder, checkpoint)) pointTo(dirname(path), 'best', basename(path))
  return path
}

/** @param path a run's folder (its latest checkpoint) or a checkpoint's own. Throws UsageError if it is neither. */
export function loadCheckpoint(path: string): Checkpoint {
  const folder = findCheckpoint(path)
  const { files, ...about } = readAbout(folder)
  const { tensors, vector } = inFile(folder, PARAMETERS, () =>
    decodeSafetensors(readChecked(folder, PARAMETERS, files)),
  )
  const state: unknown = inFile(folder, STATE, () => deserialize(readChecked(folder, STATE, files)))
  return { ...about, tensors, parameters: vector, state }
}

/** The last bytes of a disk are for metrics and logs: to use them up would end the job. */
const RESERVE = 1 << 19

async function refuseIfFull(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes + RESERVE)
    throw new Error(`ENOSPC: it takes ${bytes} bytes, and ${bavail * bsize} are free`)
}

/** Of those with a score; of equal ones the earliest. */
function isBest(runFolder: string, { score }: Checkpoint): boolean {
  if (score === null) return false
  try {
    const { score: best } = readAbout(join(runFolder, 'checkpoints', 'best'))
    return score > (best ?? Number.NEGATIVE_INFINITY)
  } catch {
    return true // there is none, or it is damaged
  }
}

function readChecked(folder: string, name: string, hashes: Record<string, string>): Uint8Array {
  const bytes = readFileSync(join(folder, name))
  if (hashOf(bytes) !== hashes[name]) throw new Error(DIFFERS)
  return bytes
}

function readAbout(folder: string): About & { files: Record<string, string> } {
  const content = inFile(folder, ABOUT, () => parseObject(readFileSync(join(folder, ABOUT), 'utf8')))
  const { format, sha256, ...rest } = content
  if (format !== FORMAT)
    throw new UsageError(`${folder}: checkpoint format ${format}; this version reads ${FORMAT}`)
  inFile(folder, ABOUT, () => {
    if (sha256 !== hashOf(Buffer.from(JSON.stringify({ format, ...rest })))) throw new Error(DIFFERS)
  })
  const about = rest as unknown as About & { files: Record<string, string> }
  const { normalizer } = about
  if (!normalizer) return about
  const [mean, scale] = [Float64Array.from(normalizer.mean), Float64Array.from(normalizer.scale)]
  return { ...about, normalizer: { mean, scale, clip: normalizer.clip } }
}

/** What goes wrong while a file is read is damage, and named. */
function inFile<T>(folder: string, name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new PporunError(`${folder}: damaged (${name}: ${(error as Error).message})`)
  }
}

/** An object as JSON that holds the hash of itself without it. */
function sealed(content: object): Uint8Array {
  const plain = JSON.stringify(content, listed)
  const sha256 = hashOf(Buffer.from(plain))
  return Buffer.from(`${JSON.stringify({ ...JSON.parse(plain), sha256 }, null, 2)}\n`)
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('it holds no object')
  return value as Record<string, unknown>
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** JSON writes a typed array as an object. */
const listed = (_: string, value: unknown): unknown => (value instanceof Float64Array ? [...value] : value)

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
