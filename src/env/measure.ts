import { UsageError } from '../base/errors.ts'
import { Purpose, uniform } from '../base/math/streams.ts'
import { environmentIds, makeVectorEnv } from './registry.ts'
import { type Actions, actionBuffer } from './spaces.ts'
import type { VectorEnv } from './vectorenv.ts'

/** Steps are of one environment: a step of N at once counts N. Time is the processor's, not the clock's. */
export interface EnvTimes {
  env: string
  numEnvs: number
  nsPerStep: number
  stepsPerSecond: number
}

const ROUNDS = 7
/** Processor milliseconds for one environment and size in one round. */
const SLICE = 60
/** Sets of random actions, drawn before and used in turn. */
const SETS = 64

/**
 * Steps environments with random actions, episodes ending and beginning as they do, on one core; medians of rounds in
 * which they take turns.
 * @param ids null: all. @param sizes environments at once.
 * @throws UsageError for an unknown environment or a size that is none.
 */
export async function measureEnvironments(
  ids: readonly string[] | null,
  sizes: readonly number[],
): Promise<EnvTimes[]> {
  const wrong = sizes.find(size => !Number.isInteger(size) || size < 1)
  if (wrong !== undefined) throw new UsageError(`--num-envs takes whole numbers from 1; got ${wrong}`)
  const subjects = (ids ?? environmentIds()).flatMap(env => sizes.map(numEnvs => subjectOf(env, numEnvs)))
  for (let round = 0; round <= ROUNDS; round++) for (const subject of subjects) await sample(subject)
  return subjects.map(({ env, numEnvs, samples }) => {
    const nsPerStep = samples.slice(1).sort((a, b) => a - b)[ROUNDS >> 1] // the first warmed up
    return { env, numEnvs, nsPerStep, stepsPerSecond: 1e9 / nsPerStep }
  })
}

interface Subject {
  env: string
  numEnvs: number
  envs: VectorEnv
  actions: Actions[]
  /** Nanoseconds per step, one number per round. */
  samples: number[]
}

function subjectOf(env: string, numEnvs: number): Subject {
  const envs = makeVectorEnv(env, numEnvs)
  envs.reset()
  const actions = Array.from({ length: SETS }, (_, set) => randomActions(envs, set))
  return { env, numEnvs, envs, actions, samples: [] }
}

function randomActions({ actionSpace, numEnvs }: VectorEnv, set: number): Actions {
  return actionBuffer(actionSpace, numEnvs).map((_: number, i: number) => {
    const draw = uniform(0, Purpose.action, i, set, 0)
    if (actionSpace.type === 'discrete') return Math.floor(draw * actionSpace.n)
    const k = i % actionSpace.low.length
    return actionSpace.low[k] + (actionSpace.high[k] - actionSpace.low[k]) * draw
  })
}

async function sample({ envs, numEnvs, actions, samples }: Subject): Promise<void> {
  const begin = process.cpuUsage() // the clock's time would be other processes' too, on a core that is shared
  let [steps, milliseconds] = [0, 0]
  while (milliseconds < SLICE) {
    for (const set of actions) {
      const stepped = envs.step(set)
      if (stepped) await stepped
    }
    steps += actions.length * numEnvs
    const { user, system } = process.cpuUsage(begin)
    milliseconds = (user + system) / 1000
  }
  samples.push((1e6 * milliseconds) / steps)
}
