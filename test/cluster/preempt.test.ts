import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readJson, readLinesOf, run, script, until } from '../rig.ts'
import { type Cluster, onCluster } from './cluster.ts'

const PPORUN = `${process.execPath} ${join(checkout, 'launcher', 'pporun.mjs')}`
/** Long enough to be ended in the middle, twice. */
const TRAIN = 'train --total-steps 204800 --num-steps 128 --batch-size 512 --checkpoint-every off'

interface RunFile {
  status: string
  updates: number
  paramsHash: string
}

/** Submits a batch script; returns the job's number. */
function submit({ folder, login }: Cluster, name: string, directives: string, body: string): string {
  const out = join(folder, `${name}.out`)
  const text = `#!/bin/bash\n#SBATCH -o ${out} --open-mode=append ${directives}\n${body}\n`
  return login.sh(`cd ${folder} && sbatch --parsable ${script(folder, text, `${name}.sbatch`)}`).trim()
}

const stateOf = ({ login }: Cluster, id: string): string =>
  /JobState=(\w+)/.exec(login.sh(`scontrol show job ${id}`))![1]

const outputOf = ({ folder }: Cluster, name: string): string =>
  existsSync(join(folder, `${name}.out`)) ? readFileSync(join(folder, `${name}.out`), 'utf8') : ''

/** Waits for the n-th update of a run. */
async function updates(folder: string, n: number, seconds: number): Promise<number> {
  const metrics = join(folder, 'metrics.jsonl')
  const count = () => (existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length - 1 : 0)
  return until(`update ${n}`, () => (count() >= n ? count() : undefined), seconds)
}

onCluster(
  'under a Slurm that takes nodes back',
  ['login', 'n1', 'n2'],
  cluster => {
    test('preempted, requeued, resumed, twice: the bits of one go', async t => {
      const { folder, login } = cluster()
      const out = join(folder, 'broken')
      const whole = join(folder, 'whole')
      assert.equal((await run(['-np', '2', '--out', whole, ...TRAIN.split(' ')])).status, 0)
      const id = submit(
        cluster(),
        'broken',
        '-N2 --ntasks-per-node=1 --requeue',
        `exec ${PPORUN} --requeue --out ${out} ${TRAIN}`,
      )
      // Somebody more urgent needs the nodes: TERM, and KILL after the partition's GraceTime.
      const first = await updates(out, 2, 30)
      const urgent = submit(cluster(), 'urgent', '-p urgent -N2 --exclusive', 'sleep 2')
      await until('the urgent job to end', () => stateOf(cluster(), urgent) === 'COMPLETED' || undefined, 60)
      t.diagnostic(outputOf(cluster(), 'broken'))
      const kept = readJson<RunFile>(out, 'run.json').updates
      assert.ok(kept >= first)
      // A notice to the launcher alone, as by --signal=B:USR1@60.
      const second = await updates(out, kept + 2, 60)
      login.sh(`scancel --signal=USR1 --batch ${id}`)
      await until(
        'the second restart',
        () => /Restarts=2/.test(login.sh(`scontrol show job ${id}`)) || undefined,
        60,
      )
      assert.ok(readJson<RunFile>(out, 'run.json').updates >= second)
      await until('the end', () => stateOf(cluster(), id) === 'COMPLETED' || undefined, 90)
      const { status, paramsHash } = readJson<RunFile>(out, 'run.json')
      assert.equal(status, 'completed')
      assert.equal(paramsHash, readJson<RunFile>(whole, 'run.json').paramsHash)
      assert.equal(readLinesOf(out, 'metrics.jsonl').length, readLinesOf(whole, 'metrics.jsonl').length)
      await cluster().quiet(5)
    })

    test('scancel ends it for good, with a checkpoint', async () => {
      const { folder, login } = cluster()
      const out = join(folder, 'cancelled')
      const body = `exec ${PPORUN} --requeue --out ${out} ${TRAIN}`
      const id = submit(cluster(), 'cancelled', '-N2 --ntasks-per-node=1 --requeue', body)
      await updates(out, 2, 30)
      login.sh(`scancel ${id}`)
      await cluster().quiet(20)
      await until('its end', () => stateOf(cluster(), id) !== 'COMPLETING' || undefined, 30)
      assert.equal(stateOf(cluster(), id), 'CANCELLED')
      assert.match(login.sh(`scontrol show job ${id}`), /Restarts=0/)
      assert.ok(existsSync(join(out, 'checkpoints', 'latest')))
    })

    test('the checkpoint is finished before the time limit: 75', async () => {
      const { folder, login } = cluster()
      const out = join(folder, 'limit')
      const body = `exec ${PPORUN} --out ${out} ${TRAIN} --total-steps 1000000000`
      const id = submit(cluster(), 'limit', '-N2 --ntasks-per-node=1 --time=1', body)
      await until('its end', () => stateOf(cluster(), id) === 'FAILED' || undefined, 90)
      assert.match(login.sh(`scontrol show job ${id}`), /ExitCode=75:0/)
      assert.match(outputOf(cluster(), 'limit'), /ended before Slurm's time limit/)
      assert.equal(readJson<RunFile>(out, 'run.json').status, 'preempted')
    })
  },
  { slurm: true },
)
