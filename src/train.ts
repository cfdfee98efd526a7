import { relative } from 'node:path'
import { rankSettings } from './base/contract.ts'
import { UsageError } from './base/errors.ts'
import { duration, thousands } from './base/format.ts'
import { part } from './base/math/parts.ts'
import { Purpose } from './base/math/streams.ts'
import { packageVersion } from './base/version.ts'
import type { Communicator } from './collective/communicator.ts'
import { connect, progress } from './connect.ts'
import type { Engine } from './engine/engine.ts'
import { initialParameters } from './engine/init.ts'
import { layoutHash, layoutOf } from './engine/layout.ts'
import { makeEngine, makeOptimizer } from './engine/select.ts'
import { dynamicsOf, makeVectorEnv } from './env/registry.ts'
import { resolveConfig, type TrainOptions } from './options.ts'
import { type Evaluation, play, summarise } from './policy/evaluate.ts'
import type { TrainConfig } from './ppo/config.ts'
import { messageLength } from './ppo/exactsum.ts'
import { assertInStep } from './ppo/instep.ts'
import { type Parts, ppo } from './ppo/ppo.ts'
import { checkRanks, type Sizes, sizesOf } from './ppo/sizes.ts'
import { hashParameters, initialState, mean, type TrainState } from './ppo/state.ts'
import { allreduceStrategy } from './ppo/strategy.ts'
import { openReporter, type Reporter } from './reporter.ts'

/** Behind the closing evaluation. */
const EVALUATION_EPISODES = 100

/** What a training run came to; the same on all ranks, times aside. */
export interface TrainResult {
  /** The run's folder. */
  folder: string
  globalSteps: number
  updates: number
  /** Steps per second of this start, from its first update's beginning to its last's end. */
  sps: number
  /** Hex of 128 bits over the parameters. */
  paramsHash: string
  episodes: number
  /** Over the last 100 training episodes; null if none has ended. */
  meanReturn100: number | null
  /** 100 episodes with the most probable action. */
  evaluation: Evaluation
}

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
  const { state, parts, layout } = assemble(config, sizes, comm, reporter)
  reporter.fields(describeRun(config, sizes, comm, parts.engine))
  const begin = performance.now()
  await ppo(config, sizes, state, parts)
  const seconds = (performance.now() - begin) / 1000
  parts.phase('other')
  await assertInStep(parts.strategy, state.update, state.parameters)

  const outcome = describeOutcome(state, sizes, seconds)
  const { globalSteps: steps, paramsHash } = outcome
  const { network, tensors } = layout
  reporter.save({ env: config.env, network, tensors, steps, paramsHash, parameters: state.parameters })
  const evaluation = await evaluateTogether(config.env, parts.engine, comm)
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

function assemble(config: TrainConfig, sizes: Sizes, comm: Communicator, reporter: Reporter) {
  const { env, seed, hidden, activation } = config
  const { observationSpace, actionSpace } = dynamicsOf(env)
  if (actionSpace.type !== 'discrete')
    throw new UsageError(`${env} has continuous actions, which the engines cannot sample yet`)
  const layout = layoutOf({
    observationSize: observationSpace.shape[0],
    hidden,
    activation,
    sharedTrunk: false,
    distribution: 'categorical',
    numActions: actionSpace.n,
  })
  const strategy = allreduceStrategy(comm, sizes.numShards)
  const numEnvs = (strategy.lastShard - strategy.firstShard) * sizes.envsPerShard
  const firstEnv = strategy.firstShard * sizes.envsPerShard
  const parts: Parts = {
    strategy,
    engine: makeEngine(config.engine, layout),
    layoutHash: layoutHash(layout),
    envs: makeVectorEnv(env, numEnvs, { seed, purpose: Purpose.reset, firstEnv }),
    sampler: { seed, firstEnv, step: 0 },
    log: reporter.log(sizes.totalSteps),
    phase: phase => progress().phase(phase),
  }
  return { layout, parts, state: initialState(initialParameters(layout, seed), makeOptimizer(parts.engine)) }
}

/** What run.json says from the start. */
function describeRun(config: TrainConfig, sizes: Sizes, comm: Communicator, engine: Engine): object {
  return {
    seed: config.seed,
    engine: engine.name,
    device: `${process.arch} CPU`,
    transport: comm.transport,
    allreduce: comm.algorithm(8 * messageLength(engine.layout, sizes.numShards)),
    reduction: 'exact',
    shards: sizes.numShards,
    config,
    versions: { pporun: packageVersion(), node: process.version },
  }
}

function describeOutcome(state: TrainState, { totalSteps, numUpdates }: Sizes, seconds: number) {
  return {
    globalSteps: totalSteps,
    updates: numUpdates,
    sps: totalSteps / seconds,
    paramsHash: hashParameters(state.parameters),
    episodes: state.episodes,
    meanReturn100: mean(state.recentReturns),
  }
}

function summary({ folder, evaluation, sps, globalSteps, paramsHash }: TrainResult): string[] {
  const { meanReturn, stdReturn, episodes } = evaluation
  return [
    `evaluation   ${meanReturn.toFixed(1)} +- ${stdReturn.toFixed(1)} over ${episodes} episodes`,
    `speed        ${thousands(sps)} steps/s (${thousands(globalSteps)} steps in ${duration(globalSteps / sps)})`,
    `parameters   ${paramsHash}`,
    `results      ${shortest(folder)}`,
  ]
}

/** A path as people write it. */
function shortest(path: string): string {
  const below = relative(process.cwd(), path)
  return below.startsWith('..') ? path : below
}
