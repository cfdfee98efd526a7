import { engineChoices } from '../base/contract.ts'
import { UsageError } from '../base/errors.ts'
import { GRID_FLOOR, gridOf } from '../base/math/exact.ts'
import { median } from '../base/math/median.ts'
import { normal, Purpose } from '../base/math/streams.ts'
import type { Engine, Minibatch, Rows, ShardSums } from './engine.ts'
import { initialParameters } from './init.ts'
import { type Layout, slotLength } from './layout.ts'
import { measured } from './measured.ts'
import { kernelEngine, makeEngine, makeOptimizer, openEngine } from './select.ts'

/** Microseconds per call: medians of all calls, in rounds in which engines take turns. */
export interface EngineTimes {
  engine: string
  /** What it computes on. */
  device: string
  network: string
  /** Of the minibatch. */
  rows: number
  shards: number
  /** Forward and backward passes, losses, shard sums rounded to the grid. */
  gradients: number
  /** Division by the rows, norm, largest magnitudes. */
  average: number
  /** Norm clip and Adam. */
  adam: number
  /** Giving the engine the new parameters: for a device, moving them there. */
  parameters: number
  /** The sum of the four: a learning step without other ranks. */
  step: number
  /** One act() on 8 observations. */
  act8: number
  /** Giving the engine so many rows to learn from, once per update: for a device, moving them there. */
  upload: number
}

const SHARDS = 4
/** Observations of an act(). */
const ACTING = 8
/** Random numbers that are drawn; more repeat them. */
const DRAWS = 10_007
const ROUNDS = 5
/** Milliseconds for one part of one engine in one round. */
const SLICE = 30
/** Milliseconds after which an engine has no further round: for those that take seconds for a call. */
const BUDGET = 5000
/** Parameters of a network that takes minutes in software for a GPU. */
const LARGE = 1_000_000

/** What `--engine auto` is on this machine. */
export const autoEngine = (): string => kernelEngine(measured.mlp64).name

type Part = keyof Omit<EngineTimes, 'engine' | 'device' | 'network' | 'rows' | 'shards' | 'step'>
type Subject = Record<Part, () => unknown>

/**
 * @param names engines, as `--engine`; null: all that are here and do not take minutes for a call
 * @param networks of measured.ts
 * @param sizes rows of a minibatch, multiples of 4
 * @throws UsageError if an engine does not run here, there is no such network, or a size cannot be divided
 */
export async function measureEngines(
  names: readonly string[] | null,
  networks: readonly string[],
  sizes: readonly number[],
): Promise<EngineTimes[]> {
  const times: EngineTimes[] = []
  for (const network of networks) {
    if (!Object.hasOwn(measured, network))
      throw new UsageError(`--networks takes ${Object.keys(measured).join(', ')}; got '${network}'`)
    times.push(...(await measureNetwork(names, network, sizes)))
  }
  return times
}

async function measureNetwork(
  names: readonly string[] | null,
  network: string,
  sizes: readonly number[],
): Promise<EngineTimes[]> {
  const layout = measured[network]
  const wrong = sizes.find(rows => !Number.isInteger(rows) || rows < SHARDS || rows % SHARDS !== 0)
  if (wrong !== undefined) throw new UsageError(`--rows takes multiples of ${SHARDS}; got ${wrong}`)
  const engines = names
    ? await Promise.all(names.map(name => makeEngine(name, layout)))
    : await enginesHere(layout)
  const times: EngineTimes[] = []
  for (const rows of sizes) {
    const samples = await sample(engines.map(engine => subjectOf(engine, rows)))
    for (const [i, { name, device }] of engines.entries()) {
      const { gradients, average, adam, parameters, ...rest } = samples[i]
      const parts = { gradients, average, adam, parameters }
      const step = gradients + average + adam + parameters
      times.push({ engine: name, device, network, rows, shards: SHARDS, ...parts, step, ...rest })
    }
  }
  return times
}

/** Microseconds per call of each part, medians: subjects take turns. */
async function sample(subjects: readonly Subject[]): Promise<Record<Part, number>[]> {
  const samples = subjects.map(subject => mapParts(subject, (): number[] => []))
  const spent = subjects.map(() => 0)
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, subject] of subjects.entries())
      if (spent[i] < BUDGET)
        for (const part of Object.keys(subject) as Part[])
          spent[i] += await perCall(subject[part], samples[i][part])
  return samples.map(of => mapParts(of, median))
}

function mapParts<T, U>(record: Record<Part, T>, f: (value: T) => U): Record<Part, U> {
  return Object.fromEntries(Object.entries(record).map(([part, value]) => [part, f(value)])) as Record<
    Part,
    U
  >
}

/** What is measured unless engines are named: all that is here and does not take minutes for a call. */
async function enginesHere(layout: Layout): Promise<Engine[]> {
  const isLarge = layout.size > LARGE
  // A convolution of 1 024 rows takes tfjs-cpu minutes, a large one the oracle too.
  const tooSlow: string[] = layout.network.encoder ? ['tfjs-cpu', ...(isLarge ? ['reference'] : [])] : []
  const found: Engine[] = []
  for (const name of engineChoices)
    try {
      if (name === 'auto' || tooSlow.includes(name)) continue
      const { engine, isGpu } = await openEngine(name, layout)
      if (!isLarge || name !== 'webgpu' || isGpu) found.push(engine)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  return found
}

/** The calls of a learning step on `rows` random rows, and one act(). */
function subjectOf(engine: Engine, rows: number): Subject {
  const { layout } = engine
  const random = (length: number, id: number) => {
    const some = Float32Array.from({ length: Math.min(length, DRAWS) }, (_, i) =>
      normal(0, Purpose.init, id, 0, i),
    )
    return new Float32Array(length).map((_, i) => some[i % DRAWS])
  }
  const optimizer = makeOptimizer(engine)
  const parameters = initialParameters(layout, 0)
  const observations = random(layout.network.observationSize * Math.max(rows, ACTING), 1)
  const sums: ShardSums = {
    gradient: new Float64Array(layout.size),
    slots: new Float64Array(SHARDS * slotLength(layout)),
  }
  const grid = new Float64Array(layout.tensors.length).fill(Math.max(GRID_FLOOR, gridOf(1)))
  const largest = new Float64Array(layout.tensors.length)
  const minibatch: Minibatch = {
    indices: Int32Array.from({ length: rows }, (_, i) => i),
    ...{ numShards: SHARDS, rowsPerShard: rows / SHARDS, advantageMean: 0, advantageDivisor: 1 },
    ...{ clipCoef: 0.2, valueClip: 0.2, valueClipMode: 'max', huberDelta: Number.POSITIVE_INFINITY },
    ...{ vfCoef: 0.5, entCoef: 0.01, klCoef: 0 },
  }
  engine.setParameters(parameters)
  const own: Rows = {
    observations: observations.subarray(0, layout.network.observationSize * rows),
    ...{ advantages: random(rows, 2), returns: random(rows, 3), values: random(rows, 4) },
    ...{
      actions: new Int32Array(rows),
      logProbs: random(rows, 5).map(x => 0.1 * x - 0.7),
      distributions: null,
    },
  }
  engine.setRows(own)
  return {
    gradients: () => engine.gradients(minibatch, grid, sums),
    average: () => optimizer.average(sums.gradient, 1, largest),
    // Not moving, so that every call computes the same.
    adam: () => optimizer.step(parameters, sums.gradient, 1, 0.5, 0),
    parameters: () => engine.setParameters(parameters),
    act8: () => engine.act(observations, ACTING, { seed: 0, firstEnv: 0, step: 0 }),
    upload: () => engine.setRows(own),
  }
}

/** Adds microseconds of each call in a slice of time to `samples`. @returns milliseconds that it took */
async function perCall(call: () => unknown, samples: number[]): Promise<number> {
  const start = performance.now()
  const end = start + SLICE
  for (let begin = performance.now(); begin < end; begin = performance.now()) {
    const pending = call()
    if (pending instanceof Promise) await pending
    samples.push((performance.now() - begin) * 1000)
  }
  return performance.now() - start
}
