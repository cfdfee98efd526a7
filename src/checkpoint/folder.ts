import { existsSync, readdirSync, readlinkSync, realpathSync, renameSync, symlinkSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UsageError } from '../base/errors.ts'

/** The folder `checkpoints` of a run: which there are, which is the newest, which go. */

/** Paths of a run's checkpoints, the newest first, whether intact or not. */
export function listCheckpoints(runFolder: string): string[] {
  const parent = join(runFolder, 'checkpoints')
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .filter(name => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .map(name => join(parent, name))
}

/** @param path a run's folder (its latest checkpoint) or a checkpoint's own. Throws UsageError if it is neither. */
export function findCheckpoint(path: string): string {
  const candidates = [path, join(path, 'checkpoints', 'latest')]
  const found = candidates.find(candidate => existsSync(join(candidate, 'checkpoint.json')))
  if (found) return realpathSync(found) // not by the name of `latest`, which moves on
  const what = existsSync(path) ? 'holds no checkpoint (a run that has not finished?)' : 'does not exist'
  throw new UsageError(`${path}: ${what}; name a run's folder or one of its checkpoints/<steps>`)
}

/** Removes all but the newest `keep` and the best, and what a writer that died has left half done. */
export async function pruneCheckpoints(runFolder: string, keep: number): Promise<void> {
  const parent = join(runFolder, 'checkpoints')
  const best = targetOf(join(parent, 'best'))
  for (const path of listCheckpoints(runFolder).slice(keep)) if (basename(path) !== best) await remove(path)
  const unfinished = readdirSync(parent).filter(name => name.endsWith('.tmp'))
  for (const name of unfinished) await rm(join(parent, name), { recursive: true, force: true })
}

/** Removes a checkpoint under another name: whoever dies halfway, or reads meanwhile, leaves or sees no half of one. */
export async function remove(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.old.tmp`
  await rename(path, aside)
  await rm(aside, { recursive: true, force: true })
}

/** A link cannot be overwritten in one step, but a rename over it can. */
export function pointTo(parent: string, which: 'latest' | 'best', name: string): void {
  const link = join(parent, which)
  if (targetOf(link) === name) return
  const temporary = `${link}.${process.pid}.tmp`
  symlinkSync(name, temporary)
  renameSync(temporary, link)
}

/** What a link names; null: there is none, or it leads nowhere. */
const targetOf = (link: string): string | null => (existsSync(link) ? readlinkSync(link) : null)
