import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GridMember } from '../../src/index.ts'
import { signalNumber } from '../signals.ts'

const MAIN = fileURLToPath(new URL('../../bundle/membermain.js', import.meta.url))

/** A run of the sweep. */
export interface Member extends GridMember {
  /** Absolute. */
  folder: string
}

/** What became of it: parts of its run.json. */
export interface Outcome {
  status: string
  /** Of its launcher; 0 of a member that had completed before. */
  exitStatus: number
  /** Why it failed, in a line; null if it did not. */
  problem: string | null
  meanReturn: number | null
  meanReturn100: number | null
  globalSteps: number | null
  wallSeconds: number | null
  sps: number | null
  paramsHash: string | null
}

/** Starts a member's launcher; what its ranks print is in its folder. */
export function startMember(
  { folder, words }: Member,
  launch: readonly string[],
  script: string,
): { process: ChildProcess; ended: Promise<Outcome> } {
  const argv = [MAIN, String(process.pid), 'run', ...launch, `--out=${folder}`, script, ...words]
  // In a group of its own, so that Ctrl-C reaches it once: from the sweep.
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-LAST_WORDS)
  })
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve(outcomeOf(folder, code ?? 128 + signalNumber(signal ?? ''), said)),
    )
  })
  return { process: child, ended }
}

/** Characters of what a launcher has said: the reason of a failure is among the last. */
const LAST_WORDS = 4096

/** What a member's folder says. @param said by its launcher on stderr */
export function outcomeOf(folder: string, exitStatus: number, said: string): Outcome {
  const run = readRun(folder)
  const number = (value: unknown) => (typeof value === 'number' ? value : null)
  const evaluation = run.evaluation as { meanReturn?: number } | undefined
  const line = said.split('\n').findLast(text => text.startsWith('pporun: '))
  const cause = (run.cause as { what?: string } | undefined)?.what
  const problem = cause ?? line?.slice('pporun: '.length) ?? `ended with status ${exitStatus}`
  return {
    status: exitStatus === 0 ? String(run.status ?? 'completed') : 'failed',
    exitStatus,
    problem: exitStatus === 0 ? null : problem,
    meanReturn: number(evaluation?.meanReturn),
    meanReturn100: number(run.meanReturn100),
    globalSteps: number(run.globalSteps),
    wallSeconds: number(run.wallSeconds),
    sps: number(run.sps),
    paramsHash: typeof run.paramsHash === 'string' ? run.paramsHash : null,
  }
}

/** run.json; nothing of a script that never trained. */
function readRun(folder: string): Partial<Record<string, unknown>> {
  const path = join(folder, 'run.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {}
}
