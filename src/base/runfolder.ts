import { randomBytes } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { UsageError } from './errors.ts'

/** The folder of a run: where it lies, whether it can be used, and its run.json. Used by the launcher and by jobs of one. */

/** `runs/<script's name>-<date>-<time>`, local time. */
export function defaultFolder(script: string, now: Date = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  return join('runs', `${basename(script, extname(script))}-${date}-${time}`)
}

/** `DIR` for the first run of a job, `DIR-2`, `DIR-3` for a script's further ones. */
export function nthFolder(folder: string, index: number): string {
  return index === 0 ? folder : `${folder.replace(/\/+$/, '')}-${index + 1}`
}

/**
 * Says why `folder` cannot take a run, before anything is started: not empty, not a folder, or not writable.
 * Proved by making and removing a folder beside it, since permissions do not tell (root, /proc, full disks).
 */
export function checkFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new UsageError(`--out ${folder}: is a file, not a folder`)
    if (readdirSync(folder).length > 0)
      throw new UsageError(`--out ${folder}: is not empty; name another folder or remove it`)
  }
  const above = nearestExisting(resolve(folder))
  const probe = join(above, `.pporun-${randomBytes(4).toString('hex')}`)
  try {
    accessSync(above, constants.W_OK)
    mkdirSync(probe)
    rmdirSync(probe)
  } catch (error) {
    throw new UsageError(`--out ${folder}: cannot write in ${above} (${reason(error)})`)
  }
}

/** Makes the folder, one level at a time: a recursive mkdir under /proc never returns on Node 20. */
export function makeFolder(folder: string): void {
  const path = resolve(folder)
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

/** Writes a file so that a reader sees the old text or the new, never a part. */
export function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, text)
  renameSync(temporary, path)
}

export function writeRunFile(folder: string, fields: object): void {
  writeAtomically(join(folder, 'run.json'), `${JSON.stringify(fields, null, 2)}\n`)
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}

/** The system's own word for a failed call: `ENOENT: no such file or directory`. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(', ')[0]
}
