import type { Communicator } from '../collective/communicator.ts'
import type { Engine } from '../engine/engine.ts'
import type { Optimizer } from '../engine/optimizer.ts'
import type { TrainConfig } from '../ppo/config.ts'
import type { ppo } from '../ppo/ppo.ts'
import type { Sizes } from '../ppo/sizes.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { allreduce } from './allreduce.ts'
import { async } from './async.ts'
import { asyncServer } from './asyncserver.ts'
import type { Cut } from './cut.ts'
import { federated } from './federated.ts'
import { local } from './local.ts'
import { model } from './model.ts'
import { population } from './population.ts'
import { sampler } from './sampler.ts'
import { server } from './server.ts'

/** What a rank has before it is said how ranks work together. */
export interface Setting {
  config: TrainConfig
  sizes: Sizes
  comm: Communicator
  engine: Engine
  /** How shards are spread, for those ways that can; null: evenly. */
  cut?: Cut | null
  /** Mean return of the policy that the engine holds, from start states that the closing evaluation has not: a collective. */
  score(comm: Communicator): Promise<number>
}

/** What a way of using N ranks gives one of them. */
export interface Way {
  strategy: Strategy
  /** The rank's own, or what is put around it. */
  engine: Engine
  /** What moves the parameters that this rank holds. */
  optimizer: Optimizer
  /** Of what it learns from, where that is not all shards. */
  sizes?: Sizes
  /** What it trains with, where that is its own: it may change between updates. */
  config?: TrainConfig
  /** Its environments, where they are not those of the configuration. */
  env?: string
  /** More for run.json, at the end. */
  record?(): object
  /** What it does, where that is not the loop of ppo.ts. */
  train?: typeof ppo
}

export type Parallelism = TrainConfig['parallelism']

const ways: Record<Parallelism, (setting: Setting) => Way | Promise<Way>> = {
  allreduce,
  local: setting => local(setting),
  sampler,
  server: setting => (setting.config.async ? asyncServer : server)(setting),
  model,
  async,
  population,
  federated,
}

/** The way that `--parallelism` names: a collective. */
export async function wayOf(setting: Setting): Promise<Way> {
  return await ways[setting.config.parallelism](setting)
}
