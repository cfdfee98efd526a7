import type { Communicator } from '../collective/communicator.ts'
import type { Engine } from '../engine/engine.ts'
import type { Optimizer } from '../engine/optimizer.ts'
import type { TrainConfig } from '../ppo/config.ts'
import type { Sizes } from '../ppo/sizes.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { allreduce } from './allreduce.ts'
import { sampler } from './sampler.ts'

/** What a rank has before it is said how ranks work together. */
export interface Setting {
  config: TrainConfig
  sizes: Sizes
  comm: Communicator
  engine: Engine
  optimizer: Optimizer
}

/** What a way of using N ranks gives one of them: some put something of theirs around the engine or the optimiser. */
export type Way = Pick<Setting, 'engine' | 'optimizer'> & { strategy: Strategy }

export type Parallelism = TrainConfig['parallelism']

const ways: Record<Parallelism, (setting: Setting) => Way | Promise<Way>> = { allreduce, sampler }

/** The way that `--parallelism` names: a collective. */
export async function wayOf(setting: Setting): Promise<Way> {
  return await ways[setting.config.parallelism](setting)
}
