import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { PporunError } from '../../../src/base/errors.ts'

const root = new URL('../../../../', import.meta.url)
const path = (name: string): string => fileURLToPath(new URL(name, root))

/**
 * Runs a script of scripts/benchmark as a job of its own, and returns what its rank 0 prints: one JSON value, the
 * only thing on stdout. What goes to stderr is passed on.
 * @param launch options before the script.
 */
export async function measureOnRanks<T>(launch: string[], script: string, args: string[]): Promise<T> {
  const words = [
    path('launcher/pporun.mjs'),
    '--quiet',
    ...launch,
    path(`scripts/benchmark/${script}`),
    ...args,
  ]
  const { exitCode, signal, stdout } = await execa(process.execPath, words, {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
  })
  if (exitCode !== 0) throw new BenchError(script, signal ?? `status ${exitCode}`, exitCode ?? 1)
  return JSON.parse(stdout) as T
}

/** The job said itself, on stderr, what was wrong. */
class BenchError extends PporunError {
  override readonly exitStatus: number

  constructor(script: string, how: string, exitStatus: number) {
    super(`${script} ended with ${how}`)
    this.exitStatus = exitStatus
  }
}
