import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { PporunError, UsageError } from '../base/errors.ts'
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts'

/**
 * A checkpoint on disk: a folder `checkpoints/<steps>` with
 *
 *   checkpoint.json          what it is of: environment, network, steps, hash
 *   parameters.safetensors   the parameters
 *
 * and `checkpoints/latest`, a link to the newest. Written aside and renamed: a reader never sees half of one.
 */
export interface Checkpoint extends About {
  /** Of the flat vector below, in order. */
  tensors: readonly NamedTensor[]
  parameters: Float32Array
}

interface About {
  env: string
  /** What the engine needs to know to make the network again. */
  network: unknown
  steps: number
  paramsHash: string
}

const FORMAT = 1

/** Writes `checkpoints/<steps>` below the run's folder and points `latest` at it. Returns its path. */
export function saveCheckpoint(runFolder: string, checkpoint: Checkpoint): string {
  const { tensors, parameters, ...about } = checkpoint
  const parent = join(runFolder, 'checkpoints')
  const path = join(parent, String(checkpoint.steps))
  const temporary = `${path}.${process.pid}.tmp`
  mkdirSync(temporary, { recursive: true })
  writeFileSync(join(temporary, 'parameters.safetensors'), encodeSafetensors(tensors, parameters))
  writeFileSync(
    join(temporary, 'checkpoint.json'),
    `${JSON.stringify({ format: FORMAT, ...about }, null, 2)}\n`,
  )
  rmSync(path, { recursive: true, force: true })
  renameSync(temporary, path)
  pointLatest(parent, basename(path))
  return path
}

/** @param path a run's folder (its latest checkpoint) or a checkpoint's own. Throws UsageError if it is neither. */
export function loadCheckpoint(path: string): Checkpoint {
  const folder = findCheckpoint(path)
  const about = readAbout(folder)
  try {
    const { tensors, vector } = decodeSafetensors(readFileSync(join(folder, 'parameters.safetensors')))
    return { ...about, tensors, parameters: vector }
  } catch (error) {
    throw new PporunError(`${folder}: damaged (${(error as Error).message})`)
  }
}

function readAbout(folder: string): About {
  const { format, ...about } = parseAbout(folder)
  if (format !== FORMAT)
    throw new UsageError(`${folder}: checkpoint format ${format}; this version reads ${FORMAT}`)
  const fields = ['env', 'network', 'steps', 'paramsHash'] as const
  const missing = fields.find(field => about[field] === undefined)
  if (missing) throw new PporunError(`${folder}: damaged (checkpoint.json has no ${missing})`)
  return about
}

function parseAbout(folder: string): About & { format: number } {
  try {
    return JSON.parse(readFileSync(join(folder, 'checkpoint.json'), 'utf8'))
  } catch {
    throw new PporunError(`${folder}: damaged (checkpoint.json is not JSON)`)
  }
}

function findCheckpoint(path: string): string {
  const candidates = [path, join(path, 'checkpoints', 'latest')]
  const found = candidates.find(candidate => existsSync(join(candidate, 'checkpoint.json')))
  if (found) return found
  const what = existsSync(path) ? 'holds no checkpoint (a run that has not finished?)' : 'does not exist'
  throw new UsageError(`${path}: ${what}; name a run's folder or one of its checkpoints/<steps>`)
}

/** A link cannot be overwritten in one step, but a rename over it can. */
function pointLatest(parent: string, name: string): void {
  const link = join(parent, 'latest')
  if (existsSync(link) && readlinkSync(link) === name) return
  const temporary = `${link}.${process.pid}.tmp`
  symlinkSync(name, temporary)
  renameSync(temporary, link)
}
