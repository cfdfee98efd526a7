import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout: this file runs from dist/scripts/benchmark/results. */
export const root: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** Runs the real command to its end; throws if it fails. */
export function pporun(words: readonly string[]): void {
  const bin = join(root, 'launcher', 'pporun.mjs')
  const { status, stderr } = spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`pporun ${words.join(' ')}: ${stderr}`)
}
