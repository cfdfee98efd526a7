import { Purpose } from './base/math/streams.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { Communicator } from './collective/communicator.ts'
import { progress } from './connect.ts'
import { divide } from './engine/division.ts'
import { encoderFor } from './engine/encoder.ts'
import { type Layout, layoutHash, layoutOf, type Network } from './engine/layout.ts'
import { makeVectorEnv, specOf } from './env/registry.ts'
import { evaluateTogether } from './evaluation.ts'
import type { Fleet } from './fleet.ts'
import { stopAsker } from './heed.ts'
import { teamSize } from './parallel/teamsize.ts'
import { wayOf } from './parallel/way.ts'
import type { Commit } from './ppo/commit.ts'
import type { TrainConfig } from './ppo/config.ts'
import { normalizerOf } from './ppo/normalize.ts'
import { type Parts, ppo } from './ppo/ppo.ts'
import { Running } from './ppo/running.ts'
import type { Sizes } from './ppo/sizes.ts'
import { hashParameters, type TrainState } from './ppo/state.ts'
import { count, environmentsOf } from './ppo/strategy.ts'
import type { Reporter, Since } from './reporter.ts'

/** What this rank has to do, and the real parts that it is handed. */
export interface Task extends Parts {
  /** Environments of its own, or of all. */
  env: string
  /** @param own in place of its own: what becomes of metrics and commits. */
  train(state: TrainState, own: Partial<Pick<Parts, 'log' | 'keeper'>>): Promise<void>
  /** More for run.json, at the end. */
  record(): object
}

export async function assemble(
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  fleet: Fleet,
  reporter: Reporter,
  since: Since | null,
): Promise<Task> {
  const { checkpointEvery, keep, evalEpisodes } = config
  const way = await wayOf({ config, sizes, comm, engine: fleet.engine, cut: fleet.cut })
  const { strategy, engine, optimizer, env = config.env, train = ppo, record } = way
  const { seed } = way.config ?? config
  const environments = environmentsOf(strategy.samples, sizes.envsPerShard)
  const [numEnvs, firstEnv] = [count(environments), environments.first]
  const isDue = (update: number) =>
    update === sizes.numUpdates || (checkpointEvery !== null && update % checkpointEvery === 0)
  // Not one that is taken because time is up.
  const scoreOf = async ({ state }: Commit) => {
    if (!evalEpisodes || !isDue(state.update)) return null
    engine.setNormalizer(normalizerOf(config, state))
    return (await evaluateTogether(env, engine, strategy.peers ?? comm, evalEpisodes)).meanReturn
  }
  const parts: Parts = {
    strategy,
    sampler: {
      envs: makeVectorEnv(env, numEnvs, { seed, purpose: Purpose.reset, firstEnv }),
      engine,
      running: new Running(numEnvs),
      firstEnv,
    },
    optimizer,
    layoutHash: layoutHash(engine.layout),
    reduction: fleet.reduction,
    log: reporter.log(sizes.totalSteps, since),
    keeper: {
      isDue,
      keep: async commit => {
        const score = await scoreOf(commit)
        await reporter.save(() => ({ ...checkpointOf(commit, config), score }), keep)
      },
    },
    phase: phase => progress().phase(phase),
    asksToStop: stopAsker(),
  }
  return {
    ...parts,
    env,
    record: record ?? (() => ({})),
    train: (state, own) => train(way.config ?? config, way.sizes ?? sizes, state, { ...parts, ...own }),
  }
}

/** Where the parameters of the configuration's network lie. */
export function layoutFor(config: TrainConfig): Layout {
  return layoutOf(networkOf(config))
}

/** And of what this rank holds of it. */
export function pieceFor(config: TrainConfig, { rank, size }: Communicator): Layout {
  const whole = layoutFor(config)
  if (config.parallelism !== 'model') return whole
  const team = teamSize(config, size)
  return divide(whole, rank % team, team)
}

/** Logits for a discrete action space, a diagonal Gaussian for a box. */
function networkOf({ env, encoder, hidden, activation, sharedTrunk }: TrainConfig): Network {
  const { observationSpace, actionSpace } = specOf(env)
  const { shape, high } = observationSpace
  const isDiscrete = actionSpace.type === 'discrete'
  return {
    observationSize: observationSpace.low.length,
    ...(encoder !== 'none' && {
      encoder: encoderFor(encoder, shape, high.every(bound => bound === 255) ? 1 / 255 : 1),
    }),
    hidden,
    activation,
    sharedTrunk,
    distribution: isDiscrete ? 'categorical' : 'gaussian',
    numActions: isDiscrete ? actionSpace.n : actionSpace.shape[0],
  }
}

/** What is written of a commit: the policy for everybody, and all of it for `--resume`. */
function checkpointOf(commit: Commit, config: TrainConfig): Checkpoint {
  return { ...policyOf(commit.state, config), state: { config, commit } satisfies Kept }
}

/** The policy as it is now, for everybody; its parameters are a copy. */
export function policyOf(state: TrainState, config: TrainConfig): Checkpoint {
  const { update } = state
  const { network, tensors } = layoutFor(config)
  const parameters = state.parameters.slice()
  return {
    env: config.env,
    network,
    normalizer: normalizerOf(config, state),
    steps: update * config.numEnvs * config.numSteps,
    paramsHash: hashParameters(parameters),
    tensors,
    score: null,
    parameters,
    state: null,
  }
}

/** What `--resume` finds in a checkpoint. */
export interface Kept {
  config: TrainConfig
  commit: Commit
}
