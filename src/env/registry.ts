/** Environments by name. */
import { UsageError } from '../base/errors.ts'
import { Purpose } from '../base/math/streams.ts'
import { nearest } from '../base/nearest.ts'
import { acrobot } from './acrobot.ts'
import { DynamicsBatch } from './batch.ts'
import { cartPole, cartPoleOf } from './cartpole.ts'
import { catchBalls } from './catch.ts'
import { checkSpaces } from './checkenv.ts'
import type { Dynamics } from './dynamics.ts'
import type { AnyEnvironment } from './environment.ts'
import { CartPoleBatch } from './kernels/batch.ts'
import { mountainCar } from './mountaincar.ts'
import { mountainCarContinuous } from './mountaincarcontinuous.ts'
import { ObjectBatch } from './objectbatch.ts'
import { pendulum } from './pendulum.ts'
import { type ActionSpace, type BoxSpace, type DictSpace, rowSpace } from './spaces.ts'
import type { EnvStreams, VectorEnv } from './vectorenv.ts'

/** What is known of an environment by its id. */
export interface EnvSpec {
  readonly id: string
  /** Of a row of observations: a Dict's keys one after the other. */
  readonly observationSpace: BoxSpace
  /** Of a Dict. */
  readonly keys?: DictSpace['spaces']
  readonly actionSpace: ActionSpace
  /** Steps after which an episode is truncated; null where the environment itself sees to it. */
  readonly maxEpisodeSteps: number | null
  /** Mean return at which Gymnasium calls it solved; null where it does not. */
  readonly rewardThreshold: number | null
}

/** Made by a script's own function. */
export interface OwnKind extends EnvSpec {
  readonly make: () => AnyEnvironment
  /** One of them. */
  readonly like: AnyEnvironment
}

export type Kind = Dynamics | OwnKind

const ours: Kind[] = [cartPole, pendulum, acrobot, mountainCar, mountainCarContinuous, catchBalls]
const known = new Map<string, Kind>(ours.map(kind => [kind.id, kind]))

/**
 * Makes an environment of one's own known by an id, to train() too: every rank runs the script, so each knows it.
 * @param make gives a new one: an object of Gymnasium's shape (`AnyEnvironment`), which is batched.
 * Throws UsageError for an id that is taken, and for spaces and methods that are not right (`checkEnv` looks closer).
 */
export function registerEnv(id: string, make: () => AnyEnvironment): void {
  if (known.has(id)) throw new UsageError(`an environment '${id}' is registered already`)
  const like = make()
  try {
    checkSpaces(like)
  } catch (error) {
    throw new UsageError(`${id}: ${(error as Error).message}`)
  }
  const { observationSpace: space, actionSpace } = like
  known.set(id, {
    id,
    observationSpace: rowSpace(space),
    ...(space.type === 'dict' && { keys: space.spaces }),
    actionSpace,
    maxEpisodeSteps: null,
    rewardThreshold: null,
    make,
    like,
  })
}

/** All ids, in the order of registration. */
export function environmentIds(): string[] {
  return [...known.keys()]
}

/** What an id stands for; an unknown one is a UsageError that names the nearest. */
export function kindOf(id: string): Kind {
  const kind = known.get(id) ?? variantOf(id)
  if (kind) return kind
  const meant = nearest(id, environmentIds())
  const hint = meant === undefined ? '.' : `; did you mean ${meant}?`
  throw new UsageError(`unknown environment '${id}'${hint} Known: ${environmentIds().join(', ')}`)
}

const variants = new Map<string, Kind>()

/** `CartPole-v1:length=0.25`: an environment with a number of its own. */
function variantOf(id: string): Kind | null {
  const [base, option, ...more] = id.split(':')
  if (option === undefined || base !== cartPole.id) return null
  const [, length] = /^length=(\d*\.?\d+)$/.exec(option) ?? []
  if (more.length > 0 || !(Number(length) > 0))
    throw new UsageError(`environment '${id}': ${base} takes length=X, half its pole in m (0.5)`)
  const kind = variants.get(id) ?? cartPoleOf(id, Number(length))
  variants.set(id, kind)
  return kind
}

/** The environment that an id is a kind of: `CartPole-v1` of `CartPole-v1:length=0.25`. */
export const baseOf = (id: string): string => id.split(':')[0]

/** The spaces and limits of an environment. Errors as for `kindOf`. */
export function specOf(id: string): EnvSpec {
  return kindOf(id)
}

/** Whether what plays in one environment can play in the other: equal shapes of observations, equal actions. Errors as for `kindOf`. */
export function areAlike(a: string, b: string): boolean {
  const [one, other] = [a, b].map(specOf)
  const shapeOf = ({ observationSpace, keys = {}, actionSpace }: EnvSpec) =>
    JSON.stringify([
      observationSpace.shape,
      Object.entries(keys).map(([key, { shape }]) => [key, shape]),
      actionSpace,
    ])
  return shapeOf(one) === shapeOf(other)
}

/**
 * `numEnvs` environments in one batch; call `reset` before the first step. Errors as for `kindOf`.
 * @param streams start states are functions of these; default: those of training with seed 0.
 */
export function makeVectorEnv(
  id: string,
  numEnvs: number,
  { seed = 0, purpose = Purpose.reset, firstEnv = 0 }: Partial<EnvStreams> = {},
): VectorEnv {
  const kind = kindOf(id)
  const streams = { seed, purpose, firstEnv }
  if (kind === cartPole) return new CartPoleBatch(numEnvs, streams)
  if (!('make' in kind)) return new DynamicsBatch(kind, numEnvs, streams)
  return new ObjectBatch(id, kind.make, kind.like, numEnvs, streams)
}
