import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
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
  const job = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  job.stdout.setEncoding('utf8').on('data', text => (printed += text))
  const [status, signal] = await once(job, 'close')
  if (status !== 0) throw new BenchError(script, signal ?? `status ${status}`, status ?? 1)
  return JSON.parse(printed) as T
}

/** The job said itself, on stderr, what was wrong. */
class BenchError extends PporunError {
  override readonly exitStatus: number

  constructor(script: string, how: string, exitStatus: number) {
    super(`${script} ended with ${how}`)
    this.exitStatus = exitStatus
  }
}
