import { assemble, layoutFor, policyOf } from './assemble.ts'
import { rankSettings, Status } from './base/contract.ts'
import { PporunError, PreemptedError, UsageError } from './base/errors.ts'
import { thousands } from './base/format.ts'
import { part } from './base/math/parts.ts'
import type { Communicator } from './collective/communicator.ts'
import {
  describeOutcome,
  describeRun,
  type Outcome,
  SplitLog,
  shortest,
  summary,
  type TrainResult,
} from './describe.ts'
import { withRanks } from './elastic.ts'
import type { Engine } from './engine/engine.ts'
import { initialParameters } from './engine/init.ts'
import { specOf } from './env/registry.ts'
import { openFleet } from './fleet.ts'
import { heedSignals, interrupted } from './heed.ts'
import { LastCommits } from './lastcommits.ts'
import { loggers, silentLogger } from './log/logger.ts'
import { resolveConfig, resumedConfig, type TrainOptions } from './options.ts'
import { checkWay } from './parallel/check.ts'
import { type Evaluation, play, summarise } from './policy/evaluate.ts'
import { type Commit, restore } from './ppo/commit.ts'
import type { TrainConfig } from './ppo/config.ts'
import { assertInStep } from './ppo/instep.ts'
import { normalizerOf } from './ppo/normalize.ts'
import { type Sizes, sizesOf } from './ppo/sizes.ts'
import { initialState } from './ppo/state.ts'
import { newRun, openReporter, type Reporter } from './reporter.ts'
import { findStart, type Start } from './resume.ts'

/** Behind the closing evaluation. */
const EVALUATION_EPISODES = 100

/**
 * Trains a policy with PPO on all ranks of this job and writes the run's folder. Options that follow the script
 * on the command line go over `options`. On all ranks alike it throws UsageError for what cannot be, and PreemptedError
 * when TERM, USR1, Ctrl-C or a time limit has ended it early, with a checkpoint to go on from.
 */
export async function train(options: TrainOptions = {}): Promise<TrainResult> {
  const stopHeeding = heedSignals()
  try {
    return await trainOnRanks(options, process.argv.slice(2))
  } catch (error) {
    // Without a launcher nobody else turns these into one line and a status.
    const isExpected = error instanceof UsageError || error instanceof PreemptedError
    if (!isExpected || rankSettings() || options.argv === false) throw error
    process.stderr.write(`pporun: ${error.message}\n`)
    process.exit(error.exitStatus)
  } finally {
    stopHeeding()
  }
}

async function trainOnRanks(options: TrainOptions, words: readonly string[]): Promise<TrainResult> {
  const asked = resolveConfig(options, words)
  const { resume } = asked
  if (resume === null) checked(asked) // before anybody is met and anything is written
  const run = newRun()
  const commits = new LastCommits(rankSettings()?.elastic, rankSettings()?.joins)
  return withRanks(async comm => {
    const last = await commits.agree(comm)
    if (resume === null) checkWay(asked, checked(asked).numShards, comm.size)
    const reporter = await openReporter(run, comm.rank, resume)
    commits.recovered = (update, seconds) => reporter.recovered(update, seconds)
    try {
      if (last) return await trainWith(last.config, checked(last.config), comm, reporter, commits, last)
      const start = resume === null ? null : await findStart(comm, reporter.folder, resume)
      const config = start ? resumedConfig(start.config, options, words) : asked
      return await begin(config, start, comm, reporter, commits)
    } finally {
      await reporter.close()
    }
  })
}

async function begin(
  config: TrainConfig,
  start: Start | null,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
): Promise<TrainResult> {
  const sizes = checked(config)
  checkWay(config, sizes.numShards, comm.size)
  if (sizes.totalSteps !== config.totalSteps)
    reporter.say(`${thousands(config.totalSteps)} steps are ${thousands(sizes.totalSteps)} in whole updates`)
  return start
    ? goOn(start, config, sizes, comm, reporter, commits)
    : trainWith(config, sizes, comm, reporter, commits)
}

function checked(config: TrainConfig): Sizes {
  specOf(config.env)
  return sizesOf(config)
}

/** A run that has reached its total ends at once, with what it came to. */
async function goOn(
  start: Start,
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
): Promise<TrainResult> {
  const { commit, finished, damaged } = start
  const { update } = commit.state
  for (const problem of damaged) reporter.say(`pporun: warning: ${problem}`)
  if (finished && update >= sizes.numUpdates) {
    reporter.say(`${start.source} has reached its ${thousands(finished.globalSteps)} steps: nothing to do`)
    return { folder: start.source, ...finished }
  }
  if (!commit.environments)
    reporter.say(
      `its environments (${config.env}) are not in it: episodes begin anew, and the bits are not those of one go`,
    )
  reporter.say(`goes on after update ${update} of ${sizes.numUpdates}`)
  commits.hold({ config, commit })
  return trainWith(config, sizes, comm, reporter, commits, start)
}

/** Joins the parts and runs the algorithm on a communicator that is open. @param start a run to go on from */
export async function trainWith(
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
  start: { commit: Commit; source?: string } | null = null,
): Promise<TrainResult> {
  const rows = config.numEnvs * config.numSteps
  const before = start ? start.commit.state.update : 0
  const since = start && { source: start.source ?? reporter.folder, update: before, steps: before * rows }
  const fleet = await openFleet(config, comm)
  const task = await assemble(config, sizes, comm, fleet, reporter, since)
  const { engine } = task.sampler
  // A commit stays as it is: it may be gone on from again.
  const layout = layoutFor(config)
  const state = start
    ? structuredClone(start.commit.state)
    : initialState(config, layout, initialParameters(layout, config.seed))
  reporter.fields(describeRun(config, sizes, comm, fleet))
  if (start) await restore(start.commit, task.sampler)
  const begin = performance.now()
  const split = new SplitLog()
  const isWhole = engine.layout.size === layout.size
  const live = isWhole ? reporter.live(() => policyOf(state, config)) : silentLogger
  const keeper = commits.before(task.keeper, config)
  await task.train(state, { keeper, log: loggers(task.log, live, split) })
  const seconds = (performance.now() - begin) / 1000
  commits.goesOn()
  task.phase('other')
  const whole = await task.strategy.complete({ ...state, adam: task.optimizer.state })
  const outcome = describeOutcome(whole, sizes, (state.update - before) * rows, seconds)
  if (state.update < sizes.numUpdates) return leaveEarly(outcome, sizes, comm, reporter)
  await assertInStep(task.strategy, state.update, state.parameters, task.sampler.engine.layout)

  engine.setNormalizer(normalizerOf(config, state))
  const evaluation = await evaluateTogether(task.env, engine, task.strategy.peers ?? comm)
  await reporter.close()
  reporter.fields({ ...outcome, evaluation, status: 'completed' })
  const result = { folder: reporter.folder, ...outcome, evaluation }
  reporter.say(...summary(result, split))
  return result
}

/** After an update that the ranks have agreed to be the last: its commit is kept. */
async function leaveEarly(
  outcome: Outcome,
  { numUpdates }: Sizes,
  comm: Communicator,
  reporter: Reporter,
): Promise<never> {
  const isKept = Int32Array.of((await reporter.close()) ? 1 : 0)
  await comm.allreduce(isKept, 'min')
  const stopped = `stopped after update ${outcome.updates} of ${numUpdates}`
  if (isKept[0] === 0) throw new PporunError(`${stopped}, whose checkpoint could not be written`)
  reporter.fields({ ...outcome, status: 'preempted' })
  const remedy = `go on with --resume ${shortest(reporter.folder)}`
  reporter.say(`${stopped}; ${remedy}`)
  await comm.close()
  throw new PreemptedError(`${stopped}; ${remedy}`, interrupted() ? Status.interrupted : Status.preempted)
}

/** Every rank plays its part of the episodes. */
async function evaluateTogether(env: string, engine: Engine, comm: Communicator): Promise<Evaluation> {
  const { first, last } = part(EVALUATION_EPISODES, comm.rank, comm.size)
  const played = await play(env, engine, { first, count: last - first })
  return summarise(await comm.allgather(played))
}
