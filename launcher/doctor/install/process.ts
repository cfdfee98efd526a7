import { spawnSync } from 'node:child_process'
import { PporunError } from '../../../src/base/errors.ts'

/** Runs a program that shows its own progress on stderr. Throws PporunError if it fails. */
export function call(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] })
  if (error) throw new PporunError(`cannot run ${program}: ${error.message}`)
  if (status !== 0)
    throw new PporunError(`${program} ${args.slice(0, 3).join(' ')} failed; its lines above say why`)
}

/** What a program prints; null if there is none, or it fails. */
export function capture(program: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout : null
}
