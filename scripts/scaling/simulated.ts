// Every way of using N ranks on machines that are not there: its own strategy, as it is, over the simulator's links; what ranks
// compute is measured on one. Prints JSON.    node dist/scripts/scaling/simulated.js [options of training]    as parallelism.sh does
import { parseScaling } from '../../launcher/scaling/args.ts'
import { measureCosts, measureJob } from '../../launcher/scaling/calibrate.ts'
import { assemble, layoutFor, placeOf } from '../../src/assemble.ts'
import { median } from '../../src/base/math/median.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { initialParameters } from '../../src/engine/init.ts'
import { openFleet } from '../../src/fleet.ts'
import { type Costs, type Job, links, simulate } from '../../src/index.ts'
import { resolveConfig } from '../../src/options.ts'
import { checkWay } from '../../src/parallel/check.ts'
import { ppo } from '../../src/ppo/ppo.ts'
import { sizesOf } from '../../src/ppo/sizes.ts'
import { initialState } from '../../src/ppo/state.ts'
import { silentReporter } from '../../src/reporter.ts'
import { workAt } from '../../src/scaling/work.ts'

/** On one host with a core for each, and on as many hosts. */
const RANKS = [1, 2, 4, 8, 16]
const UPDATES = 1
const ways = {
  allreduce: [],
  local: ['--parallelism', 'local'],
  sampler: ['--parallelism', 'sampler'],
  server: ['--parallelism', 'server'],
  model: ['--parallelism', 'model', '--shards', '4'],
}

const task = process.argv.slice(2)
const args = parseScaling(['train', '--', ...task])
const costs = await measureCosts(args)
const job = await measureJob(args, RANKS, 'share', Math.max(...RANKS))
const rows: object[] = []
for (const [name, words] of Object.entries(ways))
  for (const np of RANKS)
    for (const ranksPerHost of new Set([np, 1])) {
      if (np === 1 && (name === 'sampler' || name === 'server')) continue
      rows.push({
        name,
        np,
        hosts: np / ranksPerHost,
        ...(await timesOf(words, np, ranksPerHost, costs, job)),
      })
    }
console.log(JSON.stringify(rows))

/** Of an update: milliseconds, the share of it in which rank 0 does not compute, and the bytes that pass through it. */
async function timesOf(words: string[], np: number, ranksPerHost: number, costs: Costs, job: Job) {
  const config = resolveConfig({}, [...task, ...words])
  const sizes = sizesOf(config)
  checkWay(config, sizes.numShards, np)
  config.totalSteps = UPDATES * config.numEnvs * config.numSteps
  const rest = median(job.work[0].rest)
  let [busy, bytes] = [0, 0]
  const cluster = { ranks: np, ranksPerHost, link: links['25GbE'], costs }
  const took = await simulate(cluster, {}, async rank => {
    const fleet = await openFleet(config, rank.comm)
    const task = await assemble(config, sizes, rank.comm, fleet, silentReporter(''), null)
    const [place, team] = placeOf(config, rank.comm)
    let computed = 0
    const compute = (milliseconds: number) => {
      computed += milliseconds
      return rank.compute(milliseconds)
    }
    const engine = charged(task.sampler.engine, compute, job, rank.random, team, ranksPerHost)
    const parameters = initialParameters(layoutFor(config), config.seed, place, team)
    const log = { write: () => void compute(rest) }
    const parts = { ...task, log, sampler: { ...task.sampler, engine } }
    await ppo(
      config,
      { ...sizes, numUpdates: UPDATES },
      initialState(config, engine.layout, parameters),
      parts,
    )
    if (rank.comm.rank > 0) return
    busy = computed
    bytes = Object.values(task.strategy.traffic()).reduce((sum, flow) => sum + flow.bytes, 0)
  })
  const updateMs = took / UPDATES
  return {
    sps: (1000 * config.numEnvs * config.numSteps) / updateMs,
    share: 1 - busy / took,
    bytes: bytes / UPDATES,
  }
}

/** The engine, with the time that its work takes on a core of its own; of a divided network a rank does its part. */
function charged(
  engine: Engine,
  compute: (milliseconds: number) => Promise<void>,
  { work, numSteps, numEnvs, batchSize }: Job,
  random: () => number,
  team: number,
  busy: number,
): Engine {
  const draw = (times: readonly number[]) => times[Math.floor(random() * times.length)]
  return {
    ...{ name: engine.name, exact: engine.exact, device: engine.device, layout: engine.layout },
    setParameters: parameters => engine.setParameters(parameters),
    setNormalizer: normalizer => engine.setNormalizer(normalizer),
    setRows: rows => engine.setRows(rows),
    values: (observations, n) => engine.values(observations, n),
    act: async (observations, n, streams) => {
      if (n > 0) await compute(draw(workAt(work, { envs: n, rows: batchSize, busy }).sample) / numSteps)
      return engine.act(observations, n, streams)
    },
    gradients: async (minibatch, grid, sums) => {
      await compute(draw(workAt(work, { envs: numEnvs, rows: minibatch.indices.length, busy }).learn) / team)
      return engine.gradients(minibatch, grid, sums)
    },
  }
}
