import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mayHaveGpu } from '../../launcher/gpus.ts'
import { onCluster } from './cluster.ts'

interface Found {
  hosts: { host: string; result: string; openFiles?: number; devShmMB?: number; clockMs?: number }[]
  links: { from: string; to: string; p50us: number; GBps: number }[]
  failures: string[]
}

const NAMES = ['login', 'n1', 'n2', 'n3']

onCluster('doctor on four hosts', NAMES, cluster => {
  const doctor = (words: string[], cwd = cluster().folder) =>
    cluster().pporun(['doctor', '-H', NAMES.join(','), ...words], { cwd }).ended

  test('what each has, and a link for every pair', async () => {
    const { status, stdout, stderr } = await doctor(['--json'])
    assert.equal(status, 0, stderr + stdout)
    const { hosts, links, failures } = JSON.parse(stdout) as Found
    assert.deepEqual(failures, [])
    assert.deepEqual(
      hosts.map(({ host }) => host),
      NAMES,
    )
    for (const { openFiles, devShmMB, clockMs } of hosts)
      assert.ok(openFiles! > 0 && devShmMB! > 0 && Math.abs(clockMs!) < 1000)
    const pairs = NAMES.flatMap((a, i) => NAMES.slice(i + 1).map(b => `${a} ${b}`))
    assert.deepEqual(links.map(({ from, to }) => `${from} ${to}`).sort(), pairs.sort())
    for (const { p50us, GBps } of links) assert.ok(p50us > 0 && GBps > 0)
    await cluster().quiet(5)
  })

  test('connections are authenticated, and it is said', async () => {
    assert.match((await doctor([])).stdout, /^6 links, TCP with CURVE/m)
    assert.match((await doctor(['--security', 'none'])).stdout, /^6 links, sockets/m)
  })

  test('a host that cannot take part beside those that can', async () => {
    const { status, stdout } = await doctor(['-H', 'nowhere'])
    assert.equal(status, 1)
    for (const name of NAMES) assert.match(stdout, new RegExp(`^${name} +ok `, 'm'))
    assert.match(stdout, /^nowhere +failure$/m)
    assert.match(stdout, /^failure: nowhere does not resolve: correct the name/m)
    await cluster().quiet(5)
  })

  test('a folder that a host lacks is its failure, of doctor and of --check', async () => {
    const above = join(cluster().folder, 'above')
    mkdirSync(above)
    cluster().host('n2').sh(`mount -t tmpfs none ${above}`)
    const mine = join(above, 'mine')
    mkdirSync(mine)
    const { status, stdout } = await doctor([], mine)
    assert.equal(status, 1, stdout)
    assert.match(stdout, /^failure: n2 has no folder .*mine; make it there, or name another with --wdir$/m)
    assert.match(stdout, /^n1 +ok /m)
    const checked = await cluster().pporun(['--check', '-H', NAMES.join(), 'train'], { cwd: mine }).ended
    assert.equal(checked.status, 2)
    assert.match(checked.stderr, /^pporun: n2 has no folder .*mine; .*\n$/)
    await cluster().quiet(5)
  })

  test('GPUs of every host; --require-gpu names those that have none', async () => {
    const folder = join(cluster().folder, 'sbin')
    mkdirSync(folder)
    const smi = join(folder, 'nvidia-smi')
    writeFileSync(smi, '#!/bin/sh\nfor n in 0 1; do echo "GPU $n: NVIDIA H200 (UUID: GPU-$n)"; done\n')
    chmodSync(smi, 0o755)
    for (const name of ['n1', 'n2', 'n3']) cluster().host(name).sh(`mount --bind ${folder} /usr/local/sbin`)
    const check = (...words: string[]) =>
      cluster().pporun(['--check', '-H', NAMES.join(), ...words, 'train']).ended
    const { status, stdout, stderr } = await check()
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^ {2}login +Node v\S+ +\d+ cores +no GPU /m)
    assert.equal(stdout.match(/^ {2}n\d +Node v\S+ +\d+ cores +GPUs 0,1 /gm)?.length, 3, stdout)
    if (mayHaveGpu()) return // in every host's /dev
    const required = await check('--require-gpu')
    assert.equal(required.status, 2)
    assert.match(required.stderr, /^pporun: login has no GPU, neither in nvidia-smi nor in \/dev; .*\n$/)
  })
})
