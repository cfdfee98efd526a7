/** Four hosts learn what four ranks of one host do, by every way; test/cluster/apart.test.ts has what is missing here. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { onCluster } from '../cluster/cluster.ts'
import { readJson } from '../rig.ts'
import { apart, lockstep } from './tasks.ts'
import { type Trial, train } from './trial.ts'

const HOSTS = ['login', 'n1', 'n2', 'n3']

const tasks = [...lockstep, ...apart.filter(({ options }) => options.includes('Pendulum-v1'))]

onCluster('by every way', HOSTS, cluster => {
  for (const { name, bar, options, alone } of tasks)
    test(`${name} to ${bar} on four hosts`, async t => {
      const folder = join(cluster().folder, name.replaceAll(' ', ''))
      const out = join(folder, 'run')
      const job = cluster().pporun(['-H', HOSTS.join(','), '--out', out, 'train', ...options])
      const { status, stderr, seconds } = await job.ended
      assert.equal(status, 0, stderr)
      const { evaluation, paramsHash } = readJson<Trial>(out, 'run.json')
      t.diagnostic(`${evaluation.meanReturn.toFixed(1)} in ${seconds.toFixed(0)} s`)
      assert.ok(evaluation.meanReturn >= bar, JSON.stringify(evaluation))
      if (alone) assert.equal(paramsHash, (await train(alone, 1, join(folder, 'alone'))).paramsHash)
      await cluster().quiet(5)
    })
})
