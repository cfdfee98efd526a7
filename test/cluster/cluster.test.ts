import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder, until } from '../rig.ts'
import { Cluster, noCluster } from './cluster.ts'

test('hosts reach each other by ssh, have names of their own, and leave nothing', {
  skip: noCluster(),
}, async t => {
  let folder = ''
  await t.test('while they run', async inner => {
    const cluster = await Cluster.start(inner, ['login', 'n1', 'n2'])
    folder = cluster.folder
    assert.equal(cluster.login.sh('ssh n2 hostname'), 'n2\n')
    assert.equal(cluster.host('n1').sh('hostname'), 'n1\n')
    const mine = temporaryFolder(inner) // below /tmp of this machine
    assert.ok(!cluster.host('n1').files(dirname(mine)).includes(basename(mine)))
    await cluster.quiet(5)
    const sleeper = cluster.login.start('ssh', ['n1', 'sleep', '77'])
    await until('it to run', () => cluster.host('n1').processes('sleep 77')[0])
    await assert.rejects(cluster.quiet(0.2), /n1: sleep 77/)
    cluster.host('n1').powerOff()
    await assert.rejects(cluster.quiet(0.2), /login: ssh n1 sleep 77/) // nobody has told it
    sleeper.process.kill('SIGKILL')
    await cluster.quiet(5)
  })
  assert.ok(!existsSync(folder))
})
