import { randomBytes } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { UsageError } from './errors.ts'

/** The folder of a run: where it lies and whether it can be used. For the launcher and for jobs of one. */

/** `runs/<script's name>-<date>-<time>`, local time. */
function defaultFolder(script: string, now: Date = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  return join('runs', `${basename(script, extname(script))}-${date}-${time}`)
}

/** `DIR` for the first run of a job, `DIR-2`, `DIR-3` for a script's further ones. */
function nthFolder(folder: string, index: number): string {
  return index === 0 ? folder : `${folder.replace(/\/+$/, '')}-${index + 1}`
}

/** How files of ours that are gone after the job begin: a folder with nothing else is empty. */
const OWN = '.pporun-'

/**
 * Says why a run cannot be written to `folder`, before anything is started: not a folder, not writable, or not
 * empty (if it `mustBeEmpty`: not where runs get folders of their own below it). Proved by making and removing a
 * folder beside it, since permissions do not tell (root, /proc, full disks). Throws UsageError.
 */
export function checkFolder(folder: string, mustBeEmpty = true): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new UsageError(`--out ${folder}: is a file, not a folder`)
    if (mustBeEmpty && readdirSync(folder).some(name => !name.startsWith(OWN)))
      throw new UsageError(
        `--out ${folder}: is not empty; name another folder, remove it, or go on with --resume auto`,
      )
  }
  const above = nearestExisting(resolve(folder))
  const probe = join(above, `${OWN}${randomBytes(4).toString('hex')}`)
  try {
    accessSync(above, constants.W_OK)
    mkdirSync(probe)
    rmdirSync(probe)
  } catch (error) {
    throw new UsageError(`--out ${folder}: cannot write in ${above} (${reason(error)})`)
  }
}

/**
 * The folder of a job's `index`th run: made, or one that the run goes on in. Throws UsageError if it cannot be used.
 * @param base what the user named, or the job's first run; undefined: a new folder below `runs`
 * @param resume a run or one of its checkpoints, `auto`, or null; further runs of a job look for their own
 */
export function claimFolder(
  base: string | undefined,
  index: number,
  script: string,
  resume: string | null,
): { folder: string; isOld: boolean } {
  const named = resume !== null && resume !== 'auto' && index === 0 ? runFolderOf(resume) : null
  if (base === undefined && named === null) return { folder: takeDefaultFolder(script), isOld: false }
  const folder = resolve(base === undefined ? named! : nthFolder(base, index))
  const mayGoOn = resume !== null && (named === null || named === folder)
  if (mayGoOn && holdsRun(folder)) return { folder, isOld: true }
  if (base === undefined) throw new UsageError(`--resume ${resume}: there is no run in ${folder}`)
  return { folder: takeFolder(base, index), isOld: false }
}

/** Whether a run has been written there, complete or not. */
export const holdsRun = (folder: string): boolean => existsSync(join(folder, 'run.json'))

/** The run that a path names: its folder, or that of one of its checkpoints. */
export function runFolderOf(path: string): string {
  const folder = resolve(path)
  const above = dirname(folder)
  return basename(above) === 'checkpoints' ? dirname(above) : folder
}

/** Makes the folder of a job's `index`th run, named by the user. Throws UsageError; returns its absolute path. */
function takeFolder(out: string, index: number): string {
  const folder = resolve(nthFolder(out, index))
  checkFolder(folder)
  try {
    makeFolder(folder)
  } catch (error) {
    throw new UsageError(`--out ${folder}: ${reason(error)}`)
  }
  return folder
}

/** Makes a folder that nobody else has: of two jobs that start in the same second one takes the next second's name. */
function takeDefaultFolder(script: string): string {
  for (let now = Date.now(); ; now += 1000) {
    const folder = resolve(defaultFolder(script, new Date(now)))
    makeFolder(dirname(folder))
    try {
      mkdirSync(folder)
      return folder
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new UsageError(`cannot make ${folder} (${reason(error)}); name a folder with --out`)
    }
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
  try {
    writeFileSync(temporary, text)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}

/** The system's own word for a failed call: `ENOENT: no such file or directory`. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(', ')[0]
}
