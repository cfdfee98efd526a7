import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PporunError } from '../../src/base/errors.ts'

const BIN = fileURLToPath(new URL('../../../launcher/pporun.mjs', import.meta.url))

/** The run or the job that a script of ours is was not what it had to be; the job has said on stderr why. */
class RunError extends PporunError {
  override readonly exitStatus: number

  constructor(what: string, exitStatus: number) {
    super(what)
    this.exitStatus = exitStatus
  }
}

/** Runs a job to its end; its output goes nowhere but for errors. Ctrl-C reaches it too. Throws if it fails. */
export async function runJob(words: readonly string[]): Promise<void> {
  const job = spawn(process.execPath, [BIN, 'run', '--quiet', ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [status, signal] = (await once(job, 'close')) as [number | null, string | null]
  if (status !== 0) throw new RunError(`a run ended with ${signal ?? `status ${status}`}`, status ?? 1)
}

/** Processes that run or want to, but for this one: what else a measurement shares the machine with. 0 where it is not said. */
export function busyProcesses(): number {
  try {
    return Number(readFileSync('/proc/loadavg', 'utf8').split(/[ /]/)[3]) - 1
  } catch {
    return 0
  }
}
