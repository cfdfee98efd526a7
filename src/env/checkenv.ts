import { inspect } from 'node:util'
import { UsageError } from '../base/errors.ts'
import { Purpose, uniform } from '../base/math/streams.ts'
import type { AnyEnvironment, ResetResult, StepResult } from './environment.ts'
import type { ActionSpace, BoxSpace, Observation, ObservationSpace } from './spaces.ts'

const STEPS = 200

/**
 * Plays an environment of one's own with random actions and throws a UsageError for the first thing that training
 * would trip over: spaces, shapes, types, bounds, NaN, randomness that the seed does not govern, save and load.
 */
export function checkEnv(env: AnyEnvironment): void {
  checkSpaces(env)
  const played = play(env, 0)
  const [first, again] = [played, play(env, 0)].map(steps =>
    inspect(steps, { depth: null, maxArrayLength: null }),
  )
  if (first !== again)
    fail(
      'two episodes with the same seed and actions differ: draw all random numbers from the seed of reset({ seed })',
    )
  checkSaving(env)
}

/** What `registerEnv` looks at: the spaces and the methods. */
export function checkSpaces(env: AnyEnvironment): void {
  if (typeof env !== 'object' || env === null) fail(`an environment is an object, not ${inspect(env)}`)
  const { observationSpace, actionSpace } = env
  checkObservations(observationSpace)
  if (actionSpace?.type === 'box') checkBox('actionSpace', actionSpace)
  else if (actionSpace?.type !== 'discrete' || !(Number.isInteger(actionSpace.n) && actionSpace.n > 0))
    fail(
      `actionSpace must be { type: 'discrete', n } or box(low, high), not ${inspect(actionSpace, { depth: 0 })}`,
    )
  for (const name of ['reset', 'step'] as const)
    if (typeof env[name] !== 'function') fail(`the method ${name}() is missing`)
  if ((env.save === undefined) !== (env.load === undefined))
    fail('save() and load() come together, or not at all')
}

function checkObservations(space: ObservationSpace): void {
  if (space?.type === 'box') {
    checkBox('observationSpace', space)
    return
  }
  if (space?.type !== 'dict')
    fail(`observationSpace must be box(low, high) or dict({ ... }), not ${inspect(space, { depth: 0 })}`)
  const keys = Object.entries(space.spaces ?? {})
  if (keys.length === 0) fail('observationSpace: the Dict has no keys')
  for (const [key, own] of keys) {
    const where = `observationSpace.${key}`
    if (!/^[A-Za-z_]\w*$/.test(key)) fail(`${where}: a key is a word of letters, digits and _`)
    if (own?.type !== 'box') fail(`${where} must be box(low, high), not ${inspect(own, { depth: 0 })}`)
    checkBox(where, own)
  }
}

function checkBox(name: string, { shape, low, high }: BoxSpace): void {
  const size = shape?.reduce((product, length) => product * length, 1)
  if (low?.length !== size || high?.length !== size)
    fail(
      `${name} of shape [${shape}] needs ${size} numbers in low and in high, not ${low?.length} and ${high?.length}`,
    )
  const at = low.findIndex((value, k) => !(value <= high[k]))
  if (at >= 0) fail(`${name}: low[${at}] is ${low[at]}, above high[${at}], ${high[at]}`)
}

/** Everything that an episode of at most STEPS steps returns. */
function play(env: AnyEnvironment, seed: number): number[][] {
  const start = env.reset({ seed })
  checkResult('reset()', start)
  const rows = [readObservation('reset()', start, env.observationSpace)]
  for (let t = 0; t < STEPS; t++) {
    const result = env.step(actionAt(env.actionSpace, t))
    checkStep(result)
    const { reward, terminated, truncated } = result
    rows.push([...readObservation('step()', result, env.observationSpace), reward, +terminated, +truncated])
    if (terminated || truncated) break
  }
  return rows
}

function checkResult(where: string, result: ResetResult<Observation>): void {
  if (typeof result !== 'object' || result === null || !('observation' in result))
    fail(
      `${where} must return { observation, info${where === 'step()' ? ', ...' : ''} }, not ${inspect(result)}`,
    )
  if (typeof result.info !== 'object' || result.info === null)
    fail(`${where} returned no info: an object, {} if there is nothing to say`)
}

function checkStep(result: StepResult<Observation>): void {
  checkResult('step()', result)
  if (!Number.isFinite(result.reward))
    fail(`step() returned the reward ${inspect(result.reward)}: a finite number`)
  for (const name of ['terminated', 'truncated'] as const)
    if (typeof result[name] !== 'boolean')
      fail(`step() returned ${name}: ${inspect(result[name])}; it is true or false`)
}

function readObservation(
  where: string,
  { observation }: ResetResult<Observation>,
  space: ObservationSpace,
): number[] {
  if (space.type === 'box') return readNumbers(where, 'observation', observation as ArrayLike<number>, space)
  const parts = (observation ?? {}) as Record<string, ArrayLike<number>>
  const extra = Object.keys(parts).find(key => !(key in space.spaces))
  if (extra !== undefined) fail(`${where}: observation.${extra} is not in observationSpace`)
  return Object.entries(space.spaces).flatMap(([key, own]) =>
    readNumbers(where, `observation.${key}`, parts[key], own),
  )
}

function readNumbers(
  where: string,
  name: string,
  observation: ArrayLike<number> | undefined,
  { low, high }: BoxSpace,
): number[] {
  if (observation?.length !== low.length)
    fail(
      name === 'observation'
        ? `${where} returned an observation of ${observation?.length} numbers; observationSpace has ${low.length}`
        : `${where}: ${name} has ${observation?.length} numbers; its space has ${low.length}`,
    )
  const values = Array.from(observation as ArrayLike<number>)
  const odd = values.findIndex(value => typeof value !== 'number' || Number.isNaN(value))
  if (odd >= 0) fail(`${where}: ${name}[${odd}] is ${inspect(values[odd])}: a number`)
  const out = values.findIndex((value, k) => Math.fround(value) < low[k] || Math.fround(value) > high[k])
  if (out >= 0)
    fail(`${where}: ${name}[${out}] is ${values[out]}, outside its space, ${low[out]} .. ${high[out]}`)
  return values
}

/** Random, a function of the step; open bounds of a box are taken as 1. */
function actionAt(space: ActionSpace, step: number): number | Float32Array {
  const draw = (k: number) => uniform(0, Purpose.action, 0, step, k)
  if (space.type === 'discrete') return Math.floor(draw(0) * space.n)
  const finite = (bound: number) =>
    Math.max(-1e6, Math.min(1e6, Number.isFinite(bound) ? bound : Math.sign(bound)))
  return space.low.map((low, k) => finite(low) + (finite(space.high[k]) - finite(low)) * draw(k))
}

/** A state that was saved has to go on as the environment itself did. */
function checkSaving(env: AnyEnvironment): void {
  if (!env.save || !env.load) return
  env.reset({ seed: 1 })
  const saved = env.save()
  if (!(saved instanceof Uint8Array)) fail(`save() must return a Uint8Array, not ${inspect(saved)}`)
  const copy = saved.slice()
  const action = actionAt(env.actionSpace, 0)
  const went = inspect(env.step(action), { depth: null })
  if (env.save().length !== copy.length) fail('save() must return equally many bytes every time')
  env.load(copy)
  if (inspect(env.step(action), { depth: null }) !== went)
    fail('after load(save()) the same action leads elsewhere: save() leaves something out')
}

function fail(message: string): never {
  throw new UsageError(message)
}
