import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Cause } from '../../launcher/job/cause.ts'
import { Runs } from '../../launcher/runs.ts'
import { UsageError } from '../../src/base/errors.ts'
import { readJson, temporaryFolder } from '../rig.ts'

interface RunFile {
  status: string
  np: number
  hosts: string[]
  launcher: { host: string; pid: number; startTime: string | null }
  wallSeconds: number
  seed?: number
  cause?: Cause
}

const cause: Cause = { rank: 1, host: 'h', pid: 7, what: 'was killed by SIGKILL', exitStatus: 137, after: 1 }
const read = (folder: string) => readJson<RunFile>(folder, 'run.json')

test('every rank that claims a run gets the same folder; the first one makes it', t => {
  const folder = join(temporaryFolder(t), 'a', 'b')
  const runs = new Runs(folder, 'script.ts', 2)
  assert.equal(runs.none, true)
  assert.equal(existsSync(folder), false)
  assert.deepEqual(runs.claim(0), { folder, isNew: true, result: null })
  assert.deepEqual(runs.claim(0), { folder, isNew: false, result: null })
  assert.equal(runs.none, false)
})

test('from the start run.json says who runs it, so that a dead job can be told', t => {
  const folder = join(temporaryFolder(t), 'run')
  new Runs(folder, 'script.ts', 3).claim(0)
  const { status, np, hosts, launcher } = read(folder)
  assert.deepEqual([status, np, hosts], ['running', 3, [hostname()]])
  assert.deepEqual([launcher.host, launcher.pid], [hostname(), process.pid])
  assert.match(launcher.startTime ?? '', process.platform === 'linux' ? /^\d+$/ : /^$/)
})

test('a second run of the job has a folder beside the first', t => {
  const parent = temporaryFolder(t)
  const runs = new Runs(join(parent, 'run/'), 'script.ts', 1)
  const names = [0, 1, 2].map(index => runs.claim(index).folder)
  assert.deepEqual(readdirSync(parent).sort(), ['run', 'run-2', 'run-3'])
  for (const name of names) assert.equal(read(name).status, 'running')
})

test('a folder that is not empty is refused, and nothing in it changes', t => {
  const folder = join(temporaryFolder(t), 'run')
  mkdirSync(`${folder}-2`)
  writeFileSync(join(`${folder}-2`, 'mine'), 'x')
  const runs = new Runs(folder, 'script.ts', 1)
  runs.claim(0)
  assert.throws(() => runs.claim(1), UsageError)
  assert.deepEqual(readdirSync(`${folder}-2`), ['mine'])
})

test('the end of the job completes a run, or records why it failed', t => {
  const parent = temporaryFolder(t)
  for (const [name, how, status] of [
    ['good', null, 'completed'],
    ['bad', cause, 'failed'],
  ] as const) {
    const runs = new Runs(join(parent, name), 'script.ts', 2)
    const { folder } = runs.claim(0)
    runs.add(folder, { seed: 3 })
    assert.deepEqual([read(folder).status, read(folder).seed], ['running', 3])
    runs.finish(how)
    const file = read(folder)
    assert.deepEqual([file.status, file.seed, file.cause ?? null], [status, 3, how])
  }
})

test('a run that has completed stays so when the script fails after it', t => {
  const runs = new Runs(join(temporaryFolder(t), 'run'), 'script.ts', 1)
  const [first, second] = [runs.claim(0).folder, runs.claim(1).folder]
  runs.add(first, { seed: 1, status: 'completed' })
  runs.finish(cause)
  assert.deepEqual([read(first).status, read(first).cause], ['completed', undefined])
  assert.deepEqual([read(second).status, read(second).cause], ['failed', cause])
})

test('fields for a folder that is no run of the job are left out; a run without its folder does no harm', t => {
  const parent = temporaryFolder(t)
  const runs = new Runs(join(parent, 'run'), 'script.ts', 1)
  runs.add(join(parent, 'other'), { seed: 1 })
  runs.finish(null)
  assert.deepEqual(readdirSync(parent), [])
})
