import { assemble, policyOf } from './assemble.ts'
import { balancing, CutChanged } from './balance.ts'
import { Status } from './base/contract.ts'
import { PporunError, PreemptedError, UsageError } from './base/errors.ts'
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
import { sameTensors, type Tensor } from './engine/layout.ts'
import { EVALUATION_EPISODES, evaluateEach, evaluateTogether } from './evaluation.ts'
import { type Fleet, openFleet } from './fleet.ts'
import { interrupted } from './heed.ts'
import type { LastCommits } from './lastcommits.ts'
import { loggers, silentLogger } from './log/logger.ts'
import { type Commit, restore } from './ppo/commit.ts'
import type { TrainConfig } from './ppo/config.ts'
import { assertInStep } from './ppo/instep.ts'
import { normalizerOf } from './ppo/normalize.ts'
import type { Sizes } from './ppo/sizes.ts'
import { hashParameters, initialState, ParametersHash, type TrainState } from './ppo/state.ts'
import type { Strategy } from './ppo/strategy.ts'
import type { Reporter } from './reporter.ts'

/**
 * Joins the parts and runs the algorithm on a communicator that is open, from its first update to the evaluation.
 * @param start a run to go on from
 * @param opened what computes, if it has been opened
 */
export async function trainWith(
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
  start: { commit: Commit; source?: string; tensors?: readonly Tensor[] } | null = null,
  opened: Fleet | null = null,
): Promise<TrainResult> {
  const fleet = opened ?? (await openFleet(config, comm))
  if (start?.tensors && config.network !== null && !sameTensors(start.tensors, fleet.layout.tensors))
    throw new UsageError(
      `--resume: the parameters in ${start.source} are not those of --network ${config.network} as the script makes it now`,
    )
  const session = { config, sizes, comm, reporter, commits, fleet, began: began(start?.commit ?? null) }
  for (let from = start; ; )
    try {
      return await goOn(session, from)
    } catch (error) {
      if (!(error instanceof CutChanged)) throw error
      reporter.say(error.message)
      fleet.cut = error.cut
      from = error
    }
}

interface Session {
  config: TrainConfig
  sizes: Sizes
  comm: Communicator
  reporter: Reporter
  commits: LastCommits
  fleet: Fleet
  began: Began
}

/** When, in ms, and after which update. */
interface Began {
  at: number
  update: number
}

const began = (commit: Commit | null): Began => ({ at: performance.now(), update: commit?.state.update ?? 0 })

/** Trains to the end, or until shards are to be spread in another way: CutChanged. */
async function goOn(
  session: Session,
  start: { commit: Commit; source?: string } | null,
): Promise<TrainResult> {
  const { config, sizes, comm, reporter, commits, fleet } = session
  const rows = config.numEnvs * config.numSteps
  const before = start ? start.commit.state.update : 0
  const since = start && { source: start.source ?? reporter.folder, update: before, steps: before * rows }
  const task = await assemble(config, sizes, comm, fleet, reporter, since)
  const { engine } = task.sampler
  // A commit that is held stays as it is: it may be gone on from again.
  const { layout } = fleet
  const state = start
    ? commits.isOn
      ? structuredClone(start.commit.state)
      : start.commit.state
    : initialState(config, engine.layout, fleet.initialParameters())
  reporter.fields(describeRun(config, sizes, comm, fleet))
  for (const warning of fleet.warnings) reporter.warn(warning)
  if (start) await restore(start.commit, task.sampler)
  const split = new SplitLog()
  const isWhole = engine.layout.size === layout.size
  const live = isWhole ? reporter.live(() => policyOf(state, config, layout)) : silentLogger
  const kept = commits.before(task.keeper, config, task.strategy)
  const keeper = config.rebalance ? balancing(comm, fleet.cut, sizes.numShards, kept) : kept
  await task.train(state, { keeper, log: loggers(task.log, live, split) })
  commits.goesOn()
  task.phase('other')
  const seconds = (performance.now() - session.began.at) / 1000
  const whole = await task.strategy.complete({ ...state, adam: task.optimizer.state })
  const steps = (state.update - session.began.update) * rows
  const outcome = describeOutcome(whole, await hashOf(whole, task.strategy), sizes, steps, seconds)
  if (state.update < sizes.numUpdates) return leaveEarly(outcome, sizes, comm, reporter)
  await assertInStep(task.strategy, state.update, state.parameters, task.sampler.engine.layout)

  engine.setNormalizer(normalizerOf(config, state))
  const evaluation = await evaluateTogether(
    task.env,
    engine,
    task.strategy.peers ?? comm,
    EVALUATION_EPISODES,
  )
  const clients = config.clientEnvs && (await evaluateEach(task.env, engine, comm, EVALUATION_EPISODES))
  await reporter.close()
  reporter.fields({
    ...{ ...outcome, ...task.record(), evaluation, status: 'completed' },
    ...(clients && { clients }),
  })
  const result = { folder: reporter.folder, ...outcome, evaluation }
  reporter.say(...summary(result, split))
  for (const { env, meanReturn } of clients ?? [])
    reporter.say(`client       ${meanReturn.toFixed(1)} in ${env}`)
  return result
}

/** Of all parameters, on every rank. */
async function hashOf({ parameters }: TrainState, { blocks }: Strategy): Promise<string> {
  if (!blocks) return hashParameters(parameters)
  const hash = new ParametersHash()
  for await (const block of blocks(parameters)) hash.add(block)
  return hash.digest()
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
