// What it costs to be ready for failures, and what --rebalance gains: node dist/scripts/benchmark/surviving.js [ROUNDS] [WORD]
// Each row is a pair of runs that differ in one option, which take turns; ratios of steps per second (without start-up and
// evaluation), their median and a 95 % interval. Only rows that contain WORD. Prints Markdown.

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SLOW } from '../../test/faults/slow.ts'
import { readJson, run, script } from '../../test/rig.ts'
import { percent, spreadOf } from './ratios.ts'

interface Row {
  name: string
  /** pporun's words: with it, and without. */
  words: [on: string[], off: string[]]
}

const [rounds = '6', word = ''] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pporun-surviving-'))
const slow = script(folder, SLOW)
/** CartPole's preset, for some seconds, with one checkpoint, the last. */
const cartpole = ['train', '--total-steps', '307200', '--checkpoint-every', '1000000']
const elastic = (np: string): Row => ({
  name: `--on-failure shrink, -np ${np}`,
  words: [
    ['-np', np, '--on-failure', 'shrink', ...cartpole],
    ['-np', np, ...cartpole],
  ],
})
const rows: Row[] = [
  elastic('2'),
  elastic('4'),
  {
    name: '--checkpoint-every 50, -np 1',
    words: [
      ['-np', '1', ...cartpole.slice(0, -1), '50'],
      ['-np', '1', ...cartpole],
    ],
  },
  {
    name: '--rebalance, -np 2, one rank at a quarter of the speed',
    words: [
      ['-np', '2', slow, '--rebalance'],
      ['-np', '2', slow],
    ],
  },
]

try {
  console.log('| with | rounds | steps/s with | without | median | 95 % interval | load |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  for (const row of rows.filter(({ name }) => name.includes(word))) console.log(await measured(row))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measured({ name, words }: Row): Promise<string> {
  const speeds: [on: number, off: number][] = []
  for (let round = 0; round < Number(rounds); round++) {
    // The order changes, so that a machine that grows slower or faster favours neither.
    const first = await speed(words[round % 2])
    const second = await speed(words[1 - (round % 2)])
    speeds.push(round % 2 === 0 ? [first, second] : [second, first])
  }
  const { median, low, high, isSure } = spreadOf(speeds.map(([on, off]) => on / off))
  const [on, off] = [0, 1].map(i => Math.round(spreadOf(speeds.map(pair => pair[i])).median))
  const interval = `${percent(low)} to ${percent(high)}${isSure ? '' : ' (all)'}`
  return `| ${[name, rounds, on, off, percent(median), interval, loadavg()[0].toFixed(1)].join(' | ')} |`
}

/** Steps per second of one run. */
async function speed(words: readonly string[]): Promise<number> {
  const out = join(folder, 'run')
  const { status, stderr } = await run(['--out', out, ...words])
  if (status !== 0) throw new Error(stderr)
  const { sps } = readJson<{ sps: number }>(out, 'run.json')
  rmSync(out, { recursive: true })
  return sps
}
