// Predictions beside real runs on four hosts (test/cluster: namespaces of this machine, over ssh, CURVE and TCP):
//   node dist/scripts/scaling/rig.js [ROUNDS]        about two minutes on two idle cores; needs root and sshd. Prints Markdown.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseScaling } from '../../launcher/scaling/args.ts'
import { measureJob } from '../../launcher/scaling/calibrate.ts'
import { median } from '../../src/base/math/median.ts'
import {
  type AlgorithmName,
  asOne,
  type Costs,
  type Job,
  middleOf,
  predict,
  readRun,
} from '../../src/index.ts'
import { Cluster, noCluster } from '../../test/cluster/cluster.ts'
import { checkout } from '../../test/data.ts'

const HOSTS = ['login', 'n1', 'n2', 'n3']
const ALGORITHMS: AlgorithmName[] = ['ring', 'direct', 'star']
/** 64 environments, minibatches of 512: what two cores learn in a few seconds. */
const WORDS = ['--num-envs', '64', '--batch-size', '512', '--total-steps', '40960']

const why = noCluster()
if (why) {
  console.error(`no hosts: ${why}`)
  process.exit(2)
}
const rounds = Number(process.argv[2] ?? 3)
const cluster = await Cluster.boot(HOSTS)
try {
  // Parts take turns with what they shall explain: a machine is not the same a minute later.
  const costs: Costs[] = []
  const jobs: Job[] = []
  const cells = [2, 4].flatMap(np =>
    ALGORITHMS.map(allreduce => ({ np, allreduce, measured: [] as number[] })),
  )
  for (let round = 0; round < rounds; round++) {
    costs.push(await costsBetweenHosts())
    jobs.push(await measureJob(parseScaling(['train', '--', ...WORDS]), [2, 4], 'share', Infinity))
    for (const [i, cell] of (round % 2 === 0 ? cells : cells.toReversed()).entries())
      cell.measured.push(await updateTime(cell.np, cell.allreduce, join(cluster.folder, `${round}-${i}`)))
  }
  console.log(
    '| hosts | sums | measured, ms/update | min .. max | simulated | error |\n| --- | --- | --- | --- | --- | --- |',
  )
  for (const { np, allreduce, measured } of cells) {
    // The hosts share the machine's cores; what lies between them is in the costs.
    const link = { name: 'bridge', latency: 0, byte: 0 }
    const shared = { ranks: np, ranksPerHost: 1, link, costs: middleOf(costs), cores: availableParallelism() }
    const { updateMs } = await predict(asOne(jobs), shared, allreduce)
    const middle = median(measured)
    const range = [Math.min(...measured), Math.max(...measured)].map(ms => ms.toFixed(1)).join(' .. ')
    const error = `${(100 * (updateMs / middle - 1)).toFixed(0)} %`
    console.log(`| ${[np, allreduce, middle.toFixed(1), range, updateMs.toFixed(1), error].join(' | ')} |`)
  }
} finally {
  cluster.stop()
}

async function costsBetweenHosts(): Promise<Costs> {
  const script = join(checkout, 'scripts', 'benchmark', 'costs.ts')
  const { status, stdout, stderr } = await cluster.pporun([
    '--quiet',
    '-np',
    '2',
    '-H',
    HOSTS.slice(0, 2).join(),
    script,
  ]).ended
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Costs
}

async function updateTime(np: number, allreduce: string, out: string): Promise<number> {
  const launch = ['--quiet', '-np', String(np), '-H', HOSTS.join(), '--allreduce', allreduce, '--out', out]
  const { status, stderr } = await cluster.pporun([...launch, 'train', ...WORDS]).ended
  if (status !== 0) throw new Error(stderr)
  const { sps, config } = readRun(out)
  return (1000 * Number(config!.numEnvs) * Number(config!.numSteps)) / sps!
}
