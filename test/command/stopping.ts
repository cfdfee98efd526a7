import assert from 'node:assert/strict'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pporun, type Running, readJson, readLinesOf, until } from '../rig.ts'

/** 600 updates of 64 steps. */
export const options: readonly string[] = [
  ...['--env', 'MountainCarContinuous-v0', '--total-steps', '38400', '--num-envs', '8', '--num-steps', '8'],
  ...['--batch-size', '32', '--update-epochs', '2', '--hidden', '8', '--checkpoint-every', 'off'],
]

interface RunFile {
  status: string
  updates: number
  paramsHash: string
  cause?: { what: string }
}

/** Ends the run once it has made an update; what it said, and how many updates it has made. */
export async function stopped(
  t: TestContext,
  out: string,
  job: Running,
  strike: (job: Running) => Promise<void> | void,
  status: number,
): Promise<string> {
  const metrics = join(out, 'metrics.jsonl')
  const lines = () => (existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length : 0)
  const before = lines()
  await until('an update', () => lines() > Math.max(1, before) || undefined)
  await strike(job)
  const ended = await job.ended
  await job.allGone(5)
  assert.equal(ended.status, status, ended.stderr)
  const { status: word, updates } = readJson<RunFile>(out, 'run.json')
  assert.equal(word, 'preempted')
  assert.equal(readlinkSync(join(out, 'checkpoints', 'latest')), String(64 * updates))
  assert.equal(readLinesOf(metrics).length, updates)
  t.diagnostic(`${job.process.spawnargs.at(-1)}: stopped after update ${updates}`)
  return ended.stderr
}

export const startIn = (out: string, np: number, more: readonly string[] = []): Running =>
  pporun(['-np', String(np), '--out', out, 'train', ...options, ...more, '--resume', 'auto'])

export const hashIn = (out: string): string => readJson<RunFile>(out, 'run.json').paramsHash
