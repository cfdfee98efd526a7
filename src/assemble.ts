import { Purpose } from './base/math/streams.ts'
import type { About } from './checkpoint/about.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { Communicator } from './collective/communicator.ts'
import { progress } from './connect.ts'
import { divide } from './engine/division.ts'
import { encoderFor } from './engine/encoder.ts'
import { keysFor } from './engine/keys.ts'
import { type Layout, layoutHash, layoutOf, type Network } from './engine/layout.ts'
import { makeVectorEnv, specOf } from './env/registry.ts'
import type { BoxSpace } from './env/spaces.ts'
import { EVALUATION_EPISODES, evaluateTogether } from './evaluation.ts'
import type { Fleet } from './fleet.ts'
import { stopAsker } from './heed.ts'
import { onDevice } from './ondevice.ts'
import { teamSize } from './parallel/teamsize.ts'
import { wayOf } from './parallel/way.ts'
import type { Commit } from './ppo/commit.ts'
import type { TrainConfig } from './ppo/config.ts'
import { normalizerOf } from './ppo/normalize.ts'
import { type Parts, ppo } from './ppo/ppo.ts'
import { Running } from './ppo/running.ts'
import type { Sizes } from './ppo/sizes.ts'
import { hashParameters, ParametersHash, type TrainState, vectorsOf, withVectors } from './ppo/state.ts'
import { count, environmentsOf, type Strategy } from './ppo/strategy.ts'
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
  const scoreOn = async (group: Communicator) =>
    (await evaluateTogether(config.env, fleet.engine, group, EVALUATION_EPISODES, EVALUATION_EPISODES))
      .meanReturn
  const way = await wayOf({ config, sizes, comm, engine: fleet.engine, cut: fleet.cut, score: scoreOn })
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
  const streams = { seed, purpose: Purpose.reset, firstEnv }
  const onHost = makeVectorEnv(env, numEnvs, streams)
  const simulated = onDevice(engine, env, onHost, streams)
  const parts: Parts = {
    strategy,
    sampler: {
      envs: simulated ?? onHost,
      ...(simulated && { ahead: (...how) => simulated.ahead(...how) }),
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
        if (strategy.blocks) await saveInBlocks(commit, score, config, strategy.blocks, reporter)
        else await reporter.save(() => ({ ...checkpointOf(commit, config, fleet.layout), score }), keep)
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
export function pieceFor(config: TrainConfig, comm: Communicator): Layout {
  const whole = layoutFor(config)
  const [place, team] = placeOf(config, comm)
  return team === 1 ? whole : divide(whole, place, team)
}

/** Which of how many ranks it is that hold one network. */
export function placeOf(config: TrainConfig, { rank, size }: Communicator): [place: number, team: number] {
  const team = config.parallelism === 'model' ? teamSize(config, size) : 1
  return [rank % team, team]
}

/** Logits for a discrete action space, a diagonal Gaussian for a box. */
function networkOf(config: TrainConfig): Network {
  const { env, network, hidden, activation, sharedTrunk } = config
  const { observationSpace, actionSpace, keys } = specOf(env)
  const { shape } = observationSpace
  const shapes = Object.fromEntries(Object.entries(keys ?? {}).map(([key, { shape }]) => [key, shape]))
  const isDiscrete = actionSpace.type === 'discrete'
  return {
    ...(network !== null && { own: { name: network, shape, shapes } }),
    observationSize: observationSpace.low.length,
    ...(network === null && encodersOf(config)),
    hidden,
    activation,
    sharedTrunk,
    distribution: isDiscrete ? 'categorical' : 'gaussian',
    numActions: isDiscrete ? actionSpace.n : actionSpace.shape[0],
  }
}

/** Of pictures, and of the keys of a Dict. */
function encodersOf({ env, encoder, keyEncoders }: TrainConfig): Pick<Network, 'encoder' | 'keys'> {
  const { observationSpace, keys } = specOf(env)
  const partOf = ({ shape, high }: BoxSpace) => ({
    shape,
    scale: high.every(bound => bound === 255) ? 1 / 255 : 1,
  })
  if (keys || keyEncoders) {
    const parts = Object.entries(keys ?? {}).map(([key, space]) => [key, partOf(space)] as const)
    const found = keysFor(Object.fromEntries(parts), encoder, keyEncoders)
    return found ? { keys: found } : {}
  }
  if (encoder === 'none') return {}
  const { shape, scale } = partOf(observationSpace)
  return { encoder: encoderFor(encoder, shape, scale) }
}

/** What is written of a commit: the policy for everybody, and all of it for `--resume`. */
function checkpointOf(commit: Commit, config: TrainConfig, layout: Layout): Checkpoint {
  const { parameters, ...vectors } = vectorsOf(commit.state)
  return { ...policyOf(commit.state, config, layout), parameters, vectors, state: keptOf(commit, config) }
}

/** The policy as it is now, for everybody; its parameters are a copy. */
export function policyOf(state: TrainState, config: TrainConfig, { tensors }: Layout): Checkpoint {
  const parameters = state.parameters.slice()
  const about = { ...aboutOf(state, config), paramsHash: hashParameters(parameters), score: null }
  return { ...about, tensors, parameters, vectors: {}, state: null }
}

function aboutOf(state: TrainState, config: TrainConfig): Omit<About, 'paramsHash' | 'score'> {
  return {
    env: config.env,
    network: layoutFor(config).network,
    normalizer: normalizerOf(config, state),
    steps: state.update * config.numEnvs * config.numSteps,
  }
}

/** Vectors are in files of their own. */
function keptOf(commit: Commit, config: TrainConfig): Kept {
  const none = new Float32Array(0)
  const vectors = { parameters: none, first_moment: none, second_moment: none }
  return { config, commit: { ...commit, state: withVectors(commit.state, vectors) } }
}

/** A checkpoint of vectors that no rank holds whole: all bring their pieces, block by block. A collective. */
async function saveInBlocks(
  commit: Commit,
  score: number | null,
  config: TrainConfig,
  blocks: Required<Strategy>['blocks'],
  reporter: Reporter,
): Promise<void> {
  const about = aboutOf(commit.state, config)
  const vectors = Object.entries(vectorsOf(commit.state))
  const draft = await reporter.draft(about.steps, layoutFor(config).tensors, vectors.length, config.keep)
  const hash = new ParametersHash()
  for (const [name, piece] of vectors)
    for await (const block of blocks(piece)) {
      if (name === 'parameters') hash.add(block)
      await draft.write(name, block)
    }
  await draft.seal({ ...about, paramsHash: hash.digest(), score }, keptOf(commit, config))
}

/** What `--resume` finds in a checkpoint. */
export interface Kept {
  config: TrainConfig
  commit: Commit
}
