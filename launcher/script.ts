import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../src/base/errors.ts'

/** The shipped no-code trainer, for the bare word `train`. */
const TRAINER = fileURLToPath(new URL('../../scripts/train.ts', import.meta.url))

/** The absolute path of SCRIPT. Throws UsageError. */
export function findScript(name: string): string {
  if (name === 'train' && !existsSync(name)) return TRAINER
  if (!existsSync(name)) throw new UsageError(`script '${name}' does not exist (looked in ${process.cwd()})`)
  if (!statSync(name).isFile()) throw new UsageError(`script '${name}' is not a file`)
  return resolve(name)
}
