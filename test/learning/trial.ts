import assert from 'node:assert/strict'
import type { Evaluation } from '../../src/index.ts'
import { readJson, run } from '../rig.ts'

export interface Trial {
  paramsHash: string
  meanReturn100: number
  evaluation: Evaluation
  seconds: number
}

/** Trains with the real command; what run.json says of it. */
export async function train(options: readonly string[], np: number, out: string): Promise<Trial> {
  const { status, stderr, seconds } = await run(['-np', String(np), '--out', out, 'train', ...options])
  assert.equal(status, 0, stderr)
  return { ...readJson<Trial>(out, 'run.json'), seconds }
}

/** Plays 100 episodes with the policy that a run has left. */
export async function evaluate(out: string): Promise<Evaluation> {
  const { status, stdout, stderr } = await run(['eval', out, '--episodes', '100', '--json'])
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Evaluation
}
