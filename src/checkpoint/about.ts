import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PporunError, UsageError } from '../base/errors.ts'

/** What `checkpoint.json` says: of what it is a checkpoint. */
export interface About {
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

/** (x - mean) * scale, clipped to -clip .. clip; lists of numbers on disk. */
interface StoredNormalizer {
  mean: Float64Array // [obs]
  scale: Float64Array // [obs]
  clip: number
}

/** By file: hashes of what lies beside it. */
export type Files = Record<string, string>

const FORMAT = 3
export const ABOUT = 'checkpoint.json'

export const DIFFERS = 'its checksum differs'

/** The file: an object as JSON that holds the hash of itself without it. */
export function sealed(about: About & { files: Files }): Uint8Array {
  const plain = JSON.stringify({ format: FORMAT, ...about }, listed)
  const sha256 = hashOf(Buffer.from(plain))
  return Buffer.from(`${JSON.stringify({ ...JSON.parse(plain), sha256 }, null, 2)}\n`)
}

export function readAbout(folder: string): About & { files: Files } {
  const content = inFile(folder, ABOUT, () => parseObject(readFileSync(join(folder, ABOUT), 'utf8')))
  const { format, sha256, ...rest } = content
  if (format !== FORMAT)
    throw new UsageError(`${folder}: checkpoint format ${format}; this version reads ${FORMAT}`)
  inFile(folder, ABOUT, () => {
    if (sha256 !== hashOf(Buffer.from(JSON.stringify({ format, ...rest })))) throw new Error(DIFFERS)
  })
  const about = rest as unknown as About & { files: Files }
  const { normalizer } = about
  if (!normalizer) return about
  const [mean, scale] = [Float64Array.from(normalizer.mean), Float64Array.from(normalizer.scale)]
  return { ...about, normalizer: { mean, scale, clip: normalizer.clip } }
}

/** What goes wrong while a file is read is damage, and named. */
export function inFile<T>(folder: string, name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new PporunError(`${folder}: damaged (${name}: ${(error as Error).message})`)
  }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('it holds no object')
  return value as Record<string, unknown>
}

/** JSON writes a typed array as an object. */
const listed = (_: string, value: unknown): unknown => (value instanceof Float64Array ? [...value] : value)
