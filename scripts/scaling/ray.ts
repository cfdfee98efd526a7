// A published scaling experiment with a Ray-based PPO on Pendulum-v1, repeated: np 1 and 2 measured, 4 to 16 predicted for a
// core per rank:   node dist/scripts/scaling/ray.js [ROUNDS]        about two minutes on two idle cores. Prints Markdown.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Prediction, ScalingRow } from '../../src/index.ts'
import { checkout } from '../../test/data.ts'

/** Steps per second by number of workers. It says 4.2 % of the time for weights and 9.6 % for trajectories. */
const published: Record<number, number> = { 1: 245, 2: 462, 4: 710, 8: 1354, 16: 2103 }

/** Its 2 048 steps per round and its hidden 256, with minibatches of 512; 16 environments for 16 ranks. */
const WORDS = [
  ...[
    '--preset',
    'ray-pendulum',
    '--num-envs',
    '16',
    '--num-steps',
    '128',
    '--batch-size',
    '512',
    '--shards',
    '16',
  ],
  ...['--total-steps', '20480'],
]
const rounds = process.argv[2] ?? '3'
const measured = scaling<{ rows: ScalingRow[]; paramsHash: string }>('--np=1,2', '--repeats', rounds)
const { predictions } = scaling<{ predictions: Prediction[] }>(
  ...['--simulate', '--np=1,2,4,8,16', '--hosts-of=16', '--allreduce=hierarchical'],
)
console.log(
  '| ranks | published, steps/s | efficiency | ours, steps/s | efficiency | us of communication per update | share | how |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
const [one] = measured.rows
for (const [np, theirs] of Object.entries(published).map(([np, sps]) => [Number(np), sps])) {
  const row = measured.rows.find(row => row.np === np)
  const prediction = predictions.find(prediction => prediction.np === np)!
  const sps = row?.sps ?? prediction.efficiency * np * one.sps
  const efficiency = row?.efficiency ?? prediction.efficiency
  const us = 1000 * (row?.communicationMs ?? prediction.communicationMs)
  const share = row?.communicationShare ?? prediction.communicationMs / prediction.updateMs
  const ways = [
    row ? 'measured' : `by ${prediction.method}`,
    row ? `predicted ${prediction.efficiency.toFixed(2)}` : '',
  ]
  console.log(
    `| ${[np, theirs, (theirs / (np * published[1])).toFixed(2), Math.round(sps), efficiency.toFixed(2), us.toFixed(0), `${(100 * share).toFixed(1)} %`, ways.filter(Boolean).join(', ')].join(' | ')} |`,
  )
}
console.log(`\nParameters of all measured runs: ${measured.paramsHash}.`)

function scaling<T>(...words: string[]): T {
  const bin = join(checkout, 'launcher', 'pporun.mjs')
  const { status, stdout } = spawnSync(
    process.execPath,
    [bin, 'scaling', 'train', ...words, '--json', '--', ...WORDS],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  if (status !== 0) process.exit(status ?? 1)
  return JSON.parse(stdout) as T
}
