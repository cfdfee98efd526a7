/** From what was measured on one rank to what many would take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { links } from '../../src/scaling/costs.ts'
import { noiseOf, oneHash, rowsOf, type Trial, weakWords } from '../../src/scaling/experiment.ts'
import {
  batchFor80,
  byFormula,
  type Job,
  needsOf,
  paysUpTo,
  predict,
  sizesFor,
} from '../../src/scaling/predict.ts'
import { expectedMaximum, gathered, type TraceEvent, workAt, workOf } from '../../src/scaling/work.ts'

const job: Job = {
  ...{ numEnvs: 8, numSteps: 32, batchSize: 256, updateEpochs: 4, shards: 8 },
  work: [
    { envs: 8, rows: 256, busy: 1, sample: [4, 4, 5], learn: [2, 2, 3], rest: [0.1] },
    { envs: 1, rows: 32, busy: 1, sample: [1, 1, 2], learn: [0.5, 0.5, 1], rest: [0.1] },
  ],
  message: { fixed: 70_000, perShard: 150 },
}
const costs = {
  messages: [
    { bytes: 0, time: 0.05, work: 0.02 },
    { bytes: 1e6, time: 1.05, work: 0.52 },
  ],
  memory: null,
  reduce: 1e-7,
}
const cluster = (ranks: number) => ({ ranks, ranksPerHost: 1, link: links['25GbE'], costs })

test('the slowest of so many ranks: from the mean of what was measured to its largest', () => {
  assert.ok(Math.abs(expectedMaximum([1, 2, 3], 1) - 2) < 1e-12)
  assert.ok(Math.abs(expectedMaximum([1, 2], 2) - 1.75) < 1e-12)
  assert.ok(expectedMaximum([1, 2, 3], 1000) > 2.999)
})

test('work between measured sizes lies on a line, and is spread as the nearest was', () => {
  assert.equal(workAt(job.work, { envs: 8, rows: 256, busy: 1 }), job.work[0])
  const half = workAt(job.work, { envs: 4, rows: 128, busy: 1 })
  const line = 0.5 + (1.5 * (128 - 32)) / (256 - 32)
  assert.ok(Math.abs(half.learn[0] - line) < 1e-12 && half.learn[2] > half.learn[0])
})

test('work in company is taken from what was measured in company', () => {
  const measured = [...job.work, { ...job.work[0], busy: 2, learn: [3, 3, 4] }]
  assert.equal(workAt(measured, { envs: 8, rows: 256, busy: 1 }), measured[0])
  assert.equal(workAt(measured, { envs: 8, rows: 256, busy: 2 }), measured[2])
  assert.equal(workAt(measured, { envs: 8, rows: 256, busy: 8 }), measured[2], 'as large as can be had')
  const [alone, , together] = gathered([...measured, measured[2]])
  assert.deepEqual([alone.learn, together.learn], [job.work[0].learn, [3, 3, 4, 3, 3, 4]])
})

test('a timeline says what lies between collectives; the first updates are left out', () => {
  const { sample, learn, rest } = workOf([timelineOf(5)], load)
  assert.deepEqual(
    [sample, learn, rest],
    [
      [9.5, 9.5],
      [5, 9, 5, 9],
      [4, 4],
    ],
  )
})

test('of runs at once counts the time in which all were at work', () => {
  const first = timelineOf(7)
  // Three of its updates begin while the other is warm, the last before the other ends.
  const later = [{ name: 'start', ph: 'M', args: { unix: 100 } }, ...timelineOf(7)]
  assert.equal(workOf([first, later], load).sample.length, 3 + 3)
})

const load = { envs: 8, rows: 256, busy: 1 }

function timelineOf(updates: number): TraceEvent[] {
  const events: TraceEvent[] = []
  for (let update = 0; update < updates; update++) {
    const at = update * 100_000
    events.push({ name: 'sample', cat: 'phase', ph: 'X', ts: at, dur: 10_000 })
    events.push({
      name: 'allgather',
      cat: 'call',
      ph: 'X',
      ts: at + 9000,
      dur: 500,
      args: { op: 'allgather' },
    })
    events.push({ name: 'learn', cat: 'phase', ph: 'X', ts: at + 10_000, dur: 20_000 })
    for (const begin of [15_000, 25_000])
      events.push({ name: 'allreduce', cat: 'call', ph: 'X', ts: at + begin, dur: 1000, args: { op: 'sum' } })
  }
  return events
}

test('simulation and formula agree; more ranks than shards say what a real run needs', async () => {
  for (const np of [1, 2, 4]) {
    const { updateMs, method, needs } = await predict(job, cluster(np), 'ring', 1)
    const formula = byFormula(job, cluster(np), 'ring').updateMs
    assert.ok(Math.abs(updateMs / formula - 1) < 0.1, `np ${np}: ${updateMs} by ${method}, ${formula}`)
    assert.equal(needs, null)
  }
  const { needs, method } = await predict(job, cluster(4096), 'ring', 1)
  assert.deepEqual([needs, method], ['--num-envs 4096 --batch-size 4096 --shards 4096', 'formula'])
  assert.equal(needsOf(job, 16), '--num-envs 16 --shards 16')
  const { numEnvs, numSteps, batchSize, shards } = sizesFor(job, 24)
  assert.deepEqual([numEnvs % 24, batchSize % 24, (numEnvs * numSteps) % batchSize, shards], [0, 0, 0, 24])
})

test('the same seed predicts the same; slow links stop paying sooner and need larger batches', async () => {
  const at = async (seed: number) => (await predict(job, cluster(4), 'direct', seed)).updateMs
  assert.equal(await at(1), await at(1))
  assert.notEqual(await at(1), await at(2))
  const slow = { ranksPerHost: 1, link: links.WAN, costs }
  assert.ok(paysUpTo(job, slow, 'ring', 64) < paysUpTo(job, cluster(1), 'ring', 64))
  assert.ok(batchFor80(job, { ...slow, ranks: 4 }, 'ring')! > batchFor80(job, cluster(4), 'ring')!)
})

const trial = (np: number, round: number, sps: number, paramsHash = 'a'): Trial => ({
  ...{ np, round, sps, paramsHash, allreduce: 'auto', folder: '', update: 1, sample: 0.4, learn: 0.5 },
  ...{ communication: 0.1, spread: 1, meanReturn: null, load: 0, oversubscribed: false },
})

test('rows compare within a round, say what was noisy, and refuse other parameters', () => {
  // The machine is half as fast in the second round: the speed-up is the same.
  const trials = [
    trial(1, 0, 100),
    trial(2, 0, 180),
    trial(2, 1, 90),
    trial(1, 1, 50),
    trial(1, 2, 98),
    trial(2, 2, 178),
  ]
  const [one, two] = rowsOf(trials)
  assert.deepEqual([one.speedup, two.speedup, two.efficiency], [1, 1.8, 0.9])
  assert.match(noiseOf(trials)[0], /round 2, np 2: 49 % slower than the median/)
  assert.equal(oneHash(trials), 'a')
  assert.throws(
    () => oneHash([...trials, trial(4, 0, 1, 'b')]),
    /np 1 and np 4 end with different parameters/,
  )
})

test('weak scaling says how the learning rate follows', () => {
  const config = { numEnvs: 8, batchSize: 256, totalSteps: 1000, learningRate: 0.001 }
  assert.deepEqual(weakWords(config, 8, 4, 'sqrt'), [
    ...['--num-envs=32', '--batch-size=1024', '--shards=32', '--total-steps=4000', '--learning-rate=0.002'],
  ])
})
