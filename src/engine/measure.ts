import { UsageError } from '../base/errors.ts'
import { GRID_FLOOR, gridOf } from '../base/math/exact.ts'
import { median } from '../base/math/median.ts'
import { normal, Purpose } from '../base/math/streams.ts'
import { encoderFor } from './encoder.ts'
import type { Engine, Minibatch, Rows, ShardSums } from './engine.ts'
import { initialParameters } from './init.ts'
import { type Layout, layoutOf, slotLength } from './layout.ts'
import { kernelEngine, makeEngine, makeOptimizer, openEngine } from './select.ts'

/** Microseconds per call: medians of all calls, in rounds in which engines take turns. */
export interface EngineTimes {
  engine: string
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

const discrete = { distribution: 'categorical', numActions: 2 } as const
const convolutions = { sharedTrunk: true, activation: 'relu' } as const

/** CleanRL's for CartPole, two tanh networks, and a wider one; MinAtar's and Atari's with convolutions. */
const layouts: Record<string, Layout> = {
  mlp64: layoutOf({
    ...{ ...discrete, observationSize: 4, hidden: [64, 64], activation: 'tanh', sharedTrunk: false },
  }),
  mlp256: layoutOf({
    ...{ ...discrete, observationSize: 4, hidden: [256, 256], activation: 'tanh', sharedTrunk: false },
  }),
  small: layoutOf({
    ...{ ...discrete, ...convolutions, observationSize: 400, hidden: [128] },
    encoder: encoderFor('small', [10, 10, 4], 1),
  }),
  nature: layoutOf({
    ...{ ...discrete, ...convolutions, observationSize: 28_224, hidden: [512] },
    encoder: encoderFor('nature', [84, 84, 4], 1),
  }),
}
const SHARDS = 4
/** Observations of an act(). */
const ACTING = 8
/** Random numbers that are drawn; more repeat them. */
const DRAWS = 10_007
const ROUNDS = 5
/** Milliseconds for one part of one engine in one round. */
const SLICE = 30

/** What `--engine auto` is on this machine. */
export const autoEngine = (): string => kernelEngine(layouts.mlp64).name

type Part = keyof Omit<EngineTimes, 'engine' | 'network' | 'rows' | 'shards' | 'step'>

/**
 * @param names engines, as `--engine`; null: those of the package itself, for convolutions those of TensorFlow.js that
 * `auto` would try and that are here
 * @param networks of `layouts`
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
    if (!Object.hasOwn(layouts, network))
      throw new UsageError(`--networks takes ${Object.keys(layouts).join(', ')}; got '${network}'`)
    times.push(...(await measureNetwork(names, network, sizes)))
  }
  return times
}

async function measureNetwork(
  names: readonly string[] | null,
  network: string,
  sizes: readonly number[],
): Promise<EngineTimes[]> {
  const layout = layouts[network]
  const wrong = sizes.find(rows => !Number.isInteger(rows) || rows < SHARDS || rows % SHARDS !== 0)
  if (wrong !== undefined) throw new UsageError(`--rows takes multiples of ${SHARDS}; got ${wrong}`)
  const engines = names
    ? await Promise.all(names.map(name => makeEngine(name, layout)))
    : await enginesHere(layout)
  const times: EngineTimes[] = []
  for (const rows of sizes) {
    const subjects = engines.map(engine => subjectOf(engine, rows))
    const samples = subjects.map(() => ({
      gradients: [],
      average: [],
      adam: [],
      parameters: [],
      act8: [],
      upload: [],
    }))
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, subject] of subjects.entries())
        for (const [part, call] of Object.entries(subject))
          await perCall(call, (samples[i] as Record<string, number[]>)[part])
    for (const [i, { name }] of engines.entries()) {
      const of = (part: Part) => median(samples[i][part])
      const parts = { gradients: of('gradients'), average: of('average'), adam: of('adam') }
      const parameters = of('parameters')
      const step = parts.gradients + parts.average + parts.adam + parameters
      const rest = { act8: of('act8'), upload: of('upload') }
      times.push({ engine: name, network, rows, shards: SHARDS, ...parts, parameters, step, ...rest })
    }
  }
  return times
}

/** What is measured unless engines are named: what is here, without convolutions on a software adapter, which take minutes. */
async function enginesHere(layout: Layout): Promise<Engine[]> {
  const { encoder } = layout.network
  const names = encoder
    ? ['tfjs-node-gpu', 'tfjs-node', 'tfjs-wasm', 'webgpu']
    : ['native', 'wasm', 'reference', 'webgpu']
  const found: Engine[] = []
  for (const name of names)
    try {
      const { engine, isGpu } = await openEngine(name, layout)
      if (!encoder || name !== 'webgpu' || isGpu) found.push(engine)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  return found
}

/** The calls of a learning step on `rows` random rows, and one act(). */
function subjectOf(engine: Engine, rows: number): Record<Part, () => unknown> {
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

/** Adds microseconds of each call in a slice of time to `samples`. */
async function perCall(call: () => unknown, samples: number[]): Promise<void> {
  const end = performance.now() + SLICE
  for (let begin = performance.now(); begin < end; begin = performance.now()) {
    const pending = call()
    if (pending instanceof Promise) await pending
    samples.push((performance.now() - begin) * 1000)
  }
}
