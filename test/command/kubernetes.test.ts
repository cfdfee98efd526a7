/** scripts/kubernetes: manifests against the published schema, their parts against each other, and their command run. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim'
import { Service } from 'kubernetes-models/v1/Service'
import { parseAllDocuments } from 'yaml'
import { checkout } from '../data.ts'
import { freePort, pporun, readJson, temporaryFolder } from '../rig.ts'

const folder = join(checkout, 'scripts', 'kubernetes')
const documents = (name: string) =>
  parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { strict: true }).map(document => {
    assert.deepEqual(document.errors, [])
    return document.toJS()
  })
const [service, job] = documents('job.yaml')
const [claim] = documents('claim.yaml')
const pod = job.spec.template.spec
const [rank] = pod.containers

test('the published schema of Kubernetes accepts every manifest', () => {
  new Service(service).validate()
  new Job(job).validate()
  new PersistentVolumeClaim(claim).validate()
  const wrong = { ...job, spec: { ...job.spec, completions: 'four' } }
  assert.throws(() => new Job(wrong).validate(), /completions/)
})

test('the parts fit together: ranks, names, port, volumes', () => {
  const { completionMode, completions, parallelism } = job.spec
  const env = environment()
  assert.equal(completionMode, 'Indexed')
  assert.equal(parallelism, completions)
  assert.equal(env.WORLD_SIZE, String(completions))
  assert.equal(service.spec.clusterIP, 'None')
  assert.equal(service.spec.publishNotReadyAddresses, true)
  assert.deepEqual(service.spec.selector, { 'job-name': job.metadata.name })
  assert.equal(pod.subdomain, service.metadata.name)
  // An Indexed Job's pods are called JOB-INDEX.
  const address = `${job.metadata.name}-0.${pod.subdomain}:${service.spec.ports[0].port}`
  assert.equal(env.PPORUN_RENDEZVOUS, `tcp:${address}`)
  const volumes = new Set(pod.volumes.map(({ name }: { name: string }) => name))
  for (const { volumeMounts } of [...pod.initContainers, ...pod.containers])
    for (const { name } of volumeMounts) assert.ok(volumes.has(name), name)
  assert.equal(pod.volumes.at(-1).persistentVolumeClaim.claimName, claim.metadata.name)
})

test('its command, with its environment, trains', async t => {
  const own = temporaryFolder(t)
  const token = join(own, 'token')
  writeFileSync(token, randomBytes(32), { mode: 0o600 })
  const place = { PPORUN_RENDEZVOUS: `tcp:127.0.0.1:${await freePort()}`, PPORUN_TOKEN_FILE: token }
  const [program, ...words] = [...rank.command, ...rank.args].map((word: string) =>
    word.replace(/^\/runs/, own),
  )
  assert.equal(program, 'pporun')
  const pods = Array.from({ length: job.spec.completions }, (_, index) =>
    pporun([...words, '--total-steps', '1024'], {
      env: { ...environment(), ...place, JOB_COMPLETION_INDEX: String(index) },
    }),
  )
  for (const { ended } of pods) assert.equal((await ended).status, 0, (await ended).stderr)
  const { np, status } = readJson<{ np: number; status: string }>(own, 'cartpole', 'run.json')
  assert.deepEqual([np, status], [job.spec.completions, 'completed'])
})

function environment(): Record<string, string> {
  const entries = rank.env.map(({ name, value }: { name: string; value: string }) => [name, value])
  return Object.fromEntries(entries)
}
