import assert from 'node:assert/strict'
import type { Evaluation } from '../../src/index.ts'
import { readJson, run } from '../rig.ts'

export interface Trial extends Evaluation {
  paramsHash: string
  seconds: number
}

/** Trains the environment's preset with the real command and plays 100 episodes with what came of it. */
export async function trainAndEvaluate(np: number, seed: number, out: string): Promise<Trial> {
  const training = await run(['-np', String(np), '--out', out, 'train', '--seed', String(seed)])
  assert.equal(training.status, 0, training.stderr)
  const evaluation = await run(['eval', out, '--episodes', '100', '--json'])
  assert.equal(evaluation.status, 0, evaluation.stderr)
  const { paramsHash } = readJson<{ paramsHash: string }>(out, 'run.json')
  return { ...(JSON.parse(evaluation.stdout) as Evaluation), paramsHash, seconds: training.seconds }
}
