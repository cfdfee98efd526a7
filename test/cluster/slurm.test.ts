import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { readJson, run, script, until } from '../rig.ts'
import { type Cluster, onCluster } from './cluster.ts'

const PPORUN = `${process.execPath} ${join(checkout, 'launcher', 'pporun.mjs')}`

/** Submits a batch script and waits for its end; what it printed, and the state that Slurm gives it. */
async function batch(
  cluster: Cluster,
  name: string,
  directives: string,
  body: string,
  meanwhile: (id: string, output: () => string) => Promise<void> = async () => {},
): Promise<{ output: string; state: string; exitCode: string }> {
  const file = join(cluster.folder, `${name}.out`)
  const path = script(
    cluster.folder,
    `#!/bin/bash\n#SBATCH -o ${file} ${directives}\n${body}\n`,
    `${name}.sbatch`,
  )
  const id = cluster.login.sh(`cd ${cluster.folder} && sbatch --parsable ${path}`).trim()
  const output = () => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  await meanwhile(id, output)
  const about = () => cluster.login.sh(`scontrol show job ${id}`)
  const over = () => (/JobState=(RUNNING|PENDING|COMPLETING)/.test(about()) ? undefined : about())
  const end = await until(`job ${name} to end\n${output()}`, over)
  return {
    output: output(),
    state: /JobState=(\w+)/.exec(end)![1],
    exitCode: /ExitCode=([\d:]+)/.exec(end)![1],
  }
}

onCluster(
  'under Slurm',
  ['login', 'n1', 'n2', 'n3'],
  cluster => {
    test('sbatch: no hostfile, agents by srun; the parameters of one rank', async () => {
      const { folder } = cluster()
      const train = 'train --total-steps 2048'
      assert.equal((await run(['--out', join(folder, 'alone'), ...train.split(' ')])).status, 0)
      const ended = await batch(
        cluster(),
        'train',
        '-N3 --ntasks-per-node=1',
        `${PPORUN} --out ${folder}/three ${train}`,
      )
      assert.equal(ended.state, 'COMPLETED', ended.output)
      const hash = (name: string) => readJson<{ paramsHash: string; np: number }>(folder, name, 'run.json')
      assert.equal(hash('three').np, 3)
      assert.equal(hash('three').paramsHash, hash('alone').paramsHash)
      await cluster().quiet(5)
    })

    test('srun pporun worker: the parameters of one rank; ranks know who shares their node', async () => {
      const { folder } = cluster()
      const words = `${PPORUN} worker --out ${folder}/workers train --total-steps 2048`
      const ended = await batch(cluster(), 'workers', '-N2 -n4', `srun ${words}`)
      assert.equal(ended.state, 'COMPLETED', ended.output)
      const { paramsHash, np } = readJson<{ paramsHash: string; np: number }>(folder, 'workers', 'run.json')
      assert.equal(np, 4)
      assert.equal(paramsHash, readJson<{ paramsHash: string }>(folder, 'alone', 'run.json').paramsHash)
      await cluster().quiet(5)
    })

    test('doctor: every node of the allocation, no hostfile', async () => {
      const { state, output } = await batch(cluster(), 'doctor', '-N2 -n2', `${PPORUN} doctor`)
      assert.equal(state, 'COMPLETED', output)
      assert.equal(output.match(/^n\d +ok /gm)?.length, 2, output)
      assert.match(output, /^1 link, TCP with CURVE/m)
      await cluster().quiet(5)
    })

    test('a rank may run on every CPU of its node', async () => {
      const path = script(
        cluster().folder,
        `import { readFileSync } from 'node:fs'\nconsole.error(process.env.PPORUN_RANK, /Cpus_allowed_list:.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0])`,
        'cpus.ts',
      )
      const ended = await batch(cluster(), 'cpus', '-N2 -n4', `${PPORUN} --tag-output ${path}`)
      const own = /Cpus_allowed_list:.*/.exec(readFileSync('/proc/self/status', 'utf8'))![0]
      assert.equal(ended.output.split(own).length - 1, 4, ended.output)
    })

    test('the status of the rank that is the cause is the job’s', async () => {
      const path = script(
        cluster().folder,
        `import { connect } from 'pporun'\nconst comm = await connect()\nif (comm.rank === 1) process.exit(7)\nawait comm.barrier()\n`,
        'seven.ts',
      )
      const ended = await batch(cluster(), 'seven', '-N3 --ntasks-per-node=1', `${PPORUN} ${path}`)
      assert.deepEqual([ended.state, ended.exitCode], ['FAILED', '7:0'], ended.output)
      assert.match(ended.output, /rank 1 \(n2, pid \d+\) ended with exit status 7/)
      await cluster().quiet(5)
    })

    test('a scaling experiment as a job array: one hash, and a page that compares', async () => {
      const { login } = cluster()
      const submit = 'sbatch --parsable -o /dev/null --array=0-1 --nodes=2 --ntasks-per-node=1'
      const array = login
        .sh(`cd ${checkout} && NPS="1 2" ${submit} scripts/slurm/scaling.sbatch --total-steps 16384`)
        .trim()
      const runs = join(checkout, 'runs', `scaling-${array}`)
      try {
        await until(
          `array ${array}`,
          () => login.sh(`squeue -h -j ${array} || true`) === '' || undefined,
          120,
        )
        const [one, two] = ['np-1', 'np-2'].map(name =>
          readJson<{ np: number; paramsHash: string; status: string }>(runs, name, 'run.json'),
        )
        assert.deepEqual([one.np, one.status, two.np, two.status], [1, 'completed', 2, 'completed'])
        assert.equal(one.paramsHash, two.paramsHash)
        const page = join(cluster().folder, 'scaling.html')
        assert.equal((await run(['report', runs, '-o', page])).status, 0)
        assert.match(readFileSync(page, 'utf8'), /np-2/)
      } finally {
        rmSync(runs, { recursive: true, force: true })
      }
      await cluster().quiet(5)
    })

    test('scancel reaches every rank and leaves nothing', async () => {
      const path = script(
        cluster().folder,
        `import { connect } from 'pporun'\nconst comm = await connect()\nprocess.on('SIGTERM', () => { console.error('rank', comm.rank, 'heard TERM'); process.exit(0) })\nawait comm.barrier()\nif (comm.rank === 0) console.log('under way')\nsetInterval(() => {}, 1000)\n`,
        'wait.ts',
      )
      const ended = await batch(
        cluster(),
        'cancel',
        '-N3 --ntasks-per-node=1',
        `exec ${PPORUN} --tag-output ${path}`,
        async (id, output) => {
          await until('the ranks to run', () => output().includes('under way') || undefined)
          cluster().login.sh(`scancel ${id}`)
        },
      )
      assert.equal(ended.state, 'CANCELLED', ended.output)
      for (const rank of [0, 1, 2]) assert.match(ended.output, new RegExp(`rank ${rank} heard TERM`))
      await cluster().quiet(10)
    })
  },
  { slurm: true },
)
