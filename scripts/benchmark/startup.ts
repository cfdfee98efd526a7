// From the command to the first update, and where the time goes: node dist/scripts/benchmark/startup.js [ROUNDS]
// Prints Markdown. Hosts are those of the test rig (test/cluster), so it needs root and sshd.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, noCluster } from '../../test/cluster/cluster.ts'
import { pporun, type Running, script, until } from '../../test/rig.ts'

const HOSTS = ['login', 'n1', 'n2', 'n3']
const TRAIN = ['train', '--total-steps', '2048']
const MEETING = `
import { connect } from 'pporun'
const comm = await connect()
await comm.barrier()
await comm.close()`

/** Seconds from the command to each step of its start. */
type Times = Record<string, number>

/** Steps whose line says more than their name. */
const steps: [RegExp, string][] = [
  [/ by slot$/, 'plan'],
  [/ bundled$/, 'script bundled'],
  [/^training/, 'training'],
]

const why = noCluster()
const cluster = why === false ? await Cluster.boot(HOSTS) : null
if (why !== false) console.error(`no ssh hosts: ${why}`)
const folder = cluster?.folder ?? mkdtempSync(join(tmpdir(), 'pporun-startup-'))

const out = join(folder, 'run')
const training = ['--verbose', '--out', out]
const many = script(folder, MEETING)
const starts: [name: string, once: () => Promise<Times>][] = [
  ['2 ranks, this machine', () => firstUpdate(() => pporun([...training, '-np', '2', ...TRAIN]))],
  ['64 ranks, this machine, to the end', () => toTheEnd(pporun(['--verbose', '-np', '64', many]))],
]
if (cluster)
  starts.push([
    '4 ranks, four ssh hosts',
    () => firstUpdate(() => cluster.pporun([...training, '-H', HOSTS.join(), ...TRAIN])),
  ])

try {
  const rounds = Number(process.argv[2] ?? 5)
  const taken = starts.map((): Times[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [i, [, once]] of starts.entries()) taken[i].push(await once())
  for (const [i, [name]] of starts.entries()) show(name, taken[i])
} finally {
  cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function firstUpdate(begin: () => Running): Promise<Times> {
  rmSync(out, { recursive: true, force: true })
  const start = performance.now()
  const job = begin()
  const written = () => (textOf(join(out, 'metrics.jsonl')) === '' ? undefined : true)
  await until('the first update', written)
  const seconds = (performance.now() - start) / 1000
  await succeeded(job)
  return { ...stepsOf(job.stderr), 'first update': seconds }
}

async function toTheEnd(job: Running): Promise<Times> {
  return { ...stepsOf((await succeeded(job)).stderr), end: (await job.ended).seconds }
}

async function succeeded(job: Running): Promise<Running> {
  if ((await job.ended).status !== 0) throw new Error(job.stderr)
  return job
}

/** What --verbose says, by its first words. */
function stepsOf(stderr: string): Times {
  const said = [...stderr.matchAll(/^pporun: ([\d.]+) s: (?! )(.*)$/gm)]
  const nameOf = (what: string) => steps.find(([pattern]) => pattern.test(what))?.[1] ?? what
  return Object.fromEntries(said.map(([, seconds, what]) => [nameOf(what), Number(seconds)]))
}

function show(name: string, taken: Times[]): void {
  console.log(`\n| ${name} | median s | fastest | slowest |\n| --- | --- | --- | --- |`)
  for (const step of Object.keys(taken[0])) {
    const seconds = taken.map(times => times[step]).sort((a, b) => a - b)
    const middle = seconds[seconds.length >> 1]
    console.log(`| ${step} | ${[middle, seconds[0], seconds.at(-1)!].map(s => s.toFixed(2)).join(' | ')} |`)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
