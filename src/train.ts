import { assemble, policyOf } from './assemble.ts'
import { rankSettings } from './base/contract.ts'
import { UsageError } from './base/errors.ts'
import { thousands } from './base/format.ts'
import { part } from './base/math/parts.ts'
import type { Communicator } from './collective/communicator.ts'
import { connect } from './connect.ts'
import { describeOutcome, describeRun, summary, type TrainResult } from './describe.ts'
import type { Engine } from './engine/engine.ts'
import { initialParameters } from './engine/init.ts'
import { dynamicsOf } from './env/registry.ts'
import { loggers } from './log/logger.ts'
import { resolveConfig, type TrainOptions } from './options.ts'
import { type Evaluation, play, summarise } from './policy/evaluate.ts'
import type { TrainConfig } from './ppo/config.ts'
import { assertInStep } from './ppo/instep.ts'
import { normalizerOf } from './ppo/normalize.ts'
import { ppo } from './ppo/ppo.ts'
import { checkRanks, type Sizes, sizesOf } from './ppo/sizes.ts'
import { initialState } from './ppo/state.ts'
import { openReporter, type Reporter } from './reporter.ts'

/** Behind the closing evaluation. */
const EVALUATION_EPISODES = 100

/**
 * Trains a policy with PPO on all ranks of this job and writes the run's folder. Options that follow the script
 * on the command line go over `options`. Throws UsageError for what cannot be, on all ranks alike.
 */
export async function train(options: TrainOptions = {}): Promise<TrainResult> {
  try {
    return await trainOnRanks(resolveConfig(options, process.argv.slice(2)))
  } catch (error) {
    // Without a launcher nobody else turns a mistake into one line and status 2.
    if (!(error instanceof UsageError) || rankSettings() || options.argv === false) throw error
    process.stderr.write(`pporun: ${error.message}\n`)
    process.exit(error.exitStatus)
  }
}

async function trainOnRanks(config: TrainConfig): Promise<TrainResult> {
  const sizes = sizesOf(config)
  dynamicsOf(config.env)
  const comm = await connect()
  checkRanks(config, sizes.numShards, comm.size)
  const reporter = await openReporter(comm.rank)
  if (sizes.totalSteps !== config.totalSteps)
    reporter.say(`${thousands(config.totalSteps)} steps are ${thousands(sizes.totalSteps)} in whole updates`)
  const result = await trainWith(config, sizes, comm, reporter)
  await comm.close()
  return result
}

/** Joins the parts and runs the algorithm on a communicator that is open. */
export async function trainWith(
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  reporter: Reporter,
): Promise<TrainResult> {
  const parts = assemble(config, sizes, comm, reporter)
  const { engine } = parts.sampler
  const state = initialState(config, engine.layout, initialParameters(engine.layout, config.seed))
  reporter.fields(describeRun(config, sizes, comm, engine))
  const begin = performance.now()
  const live = reporter.live(() => policyOf(state, config))
  await ppo(config, sizes, state, { ...parts, log: loggers(parts.log, live) })
  const seconds = (performance.now() - begin) / 1000
  parts.phase('other')
  await assertInStep(parts.strategy, state.update, state.parameters)

  engine.setNormalizer(normalizerOf(config, state))
  const evaluation = await evaluateTogether(config.env, engine, comm)
  await reporter.close()
  const outcome = describeOutcome(state, sizes, seconds)
  reporter.fields({ ...outcome, evaluation, status: 'completed' })
  const result = { folder: reporter.folder, ...outcome, evaluation }
  reporter.say(...summary(result))
  return result
}

/** Every rank plays its part of the episodes. */
async function evaluateTogether(env: string, engine: Engine, comm: Communicator): Promise<Evaluation> {
  const { first, last } = part(EVALUATION_EPISODES, comm.rank, comm.size)
  const played = await play(env, engine, { first, count: last - first })
  return summarise(await comm.allgather(played))
}
