/** Environments by name. */
import { UsageError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { acrobot } from './acrobot.ts'
import { DynamicsBatch } from './batch.ts'
import { cartPole } from './cartpole.ts'
import type { Dynamics } from './dynamics.ts'
import { mountainCar } from './mountaincar.ts'
import { mountainCarContinuous } from './mountaincarcontinuous.ts'
import { pendulum } from './pendulum.ts'
import type { EnvStreams, VectorEnv } from './vectorenv.ts'

const known: ReadonlyMap<string, Dynamics> = new Map(
  [cartPole, pendulum, acrobot, mountainCar, mountainCarContinuous].map(dynamics => [dynamics.id, dynamics]),
)

/** All ids, in the order of registration. */
export function environmentIds(): string[] {
  return [...known.keys()]
}

/** The dynamics of an environment; an unknown id is a UsageError that names the nearest one. */
export function dynamicsOf(id: string): Dynamics {
  const dynamics = known.get(id)
  if (dynamics) return dynamics
  const meant = nearest(id, environmentIds())
  const hint = meant === undefined ? '.' : `; did you mean ${meant}?`
  throw new UsageError(`unknown environment '${id}'${hint} Known: ${environmentIds().join(', ')}`)
}

/** `numEnvs` environments in one batch; call `reset` before the first step. Errors as for `dynamicsOf`. */
export function makeVectorEnv(id: string, numEnvs: number, streams: EnvStreams): VectorEnv {
  return new DynamicsBatch(dynamicsOf(id), numEnvs, streams)
}
