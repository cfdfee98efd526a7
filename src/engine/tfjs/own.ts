import { UsageError } from '../../base/errors.ts'
import { Purpose, uniform } from '../../base/math/streams.ts'
import { type Layout, layoutWith, type Network } from '../layout.ts'
import { type Backend, enter, type Tensor, type Tensor2D, type Variable } from './backend.ts'
import { isLayersModel, partsOfModel } from './layersmodel.ts'
import type { TfjsNetwork } from './network.ts'
import { type Batch, type FunctionNetwork, makerOf, NetworkError } from './networks.ts'
import { withSeed } from './seeded.ts'

/** A policy and a value function as the user's code has them: what is trained, by name, and what computes. */
export type Parts = FunctionNetwork

/** Rows that a network is tried with. */
const TRIED = 3

/**
 * The network that a script has registered, on a backend: its layout, its first values and its forward pass, tried out.
 * @param seed of those values
 * @throws NetworkError for one that cannot be trained; UsageError if this backend lacks what it needs
 */
export function ownNetworkOf(
  { name: engine, backend }: { name: string; backend: Backend },
  network: Network,
  seed: number,
): { layout: Layout; network: TfjsNetwork } {
  const { name, shape, shapes } = network.own!
  const { tf } = backend
  const fail = (problem: string): never => {
    throw new NetworkError(`--network ${name}: ${problem}`)
  }
  enter(backend)
  const task = { shape, shapes, outputs: network.numActions }
  const make = makerOf(name)
  const made = attempt(() => withSeed(seed, () => make(tf, task)), `--network ${name}`, engine)
  const parts = isLayersModel(made) ? partsOfModel(made, task, fail) : checkFunction(made, tf.Variable, fail)
  const variables = Object.values(parts.parameters)
  // Names are the process's: another copy of tfjs-layers counts its own from 1.
  for (const { name } of variables) delete tf.engine().registeredVariables[name]
  const layout = layoutWith(
    network,
    Object.entries(parts.parameters).map(([name, { shape }]) => ({ name, shape })),
  )
  const initial = new Float32Array(layout.size)
  variables.forEach((variable, i) => {
    initial.set(variable.dataSync(), layout.tensors[i].offset)
  })
  const forward = (observations: Tensor2D): Tensor2D => {
    const [policy, values] = parts.forward(batchOf(tf, observations, network))
    return tf.concat2d([policy as Tensor2D, values as Tensor2D], 1)
  }
  const tried: TfjsNetwork = { variables, initial, forward }
  attempt(() => tryOut(tf, parts, tried, layout, fail), `--network ${name}`, engine)
  return { layout, network: tried }
}

/** What the user's code throws is the user's to mend, unless the backend has no such operation. */
function attempt<T>(run: () => T, where: string, engine: string): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof UsageError) throw error
    const [problem] = String((error as Error).message ?? error).split('\n')
    if (/not registered/.test(problem)) throw new UsageError(`--engine ${engine}: ${where}: ${problem}`)
    throw new NetworkError(`${where}: ${problem}`)
  }
}

function checkFunction(made: unknown, Variable: unknown, fail: (problem: string) => never): Parts {
  const { parameters, forward } = (made ?? {}) as Partial<FunctionNetwork>
  if (typeof parameters !== 'object' || parameters === null || typeof forward !== 'function')
    return fail('it must be a tf.LayersModel, or { parameters, forward }')
  const isVariable = (value: unknown) => value instanceof (Variable as new () => Variable)
  const entries = Object.entries(parameters)
  const odd = entries.find(([, value]) => !isVariable(value) || value.dtype !== 'float32')
  if (odd) return fail(`the parameter '${odd[0]}' must be a tf.variable of float32`)
  if (entries.length === 0) return fail('it has no parameters')
  return { parameters, forward: forward.bind(made) }
}

/** [N, obs] as the network takes it. */
function batchOf(tf: Backend['tf'], observations: Tensor2D, { own }: Network): Batch {
  const [n] = observations.shape
  const { shape, shapes } = own!
  const keys = Object.entries(shapes)
  if (keys.length === 0) return tf.reshape(observations, [n, ...shape])
  let first = 0
  return Object.fromEntries(
    keys.map(([key, shape]) => {
      const size = shape.reduce((product, length) => product * length, 1)
      const part = tf.reshape(tf.slice(observations, [0, first], [n, size]), [n, ...shape])
      first += size
      return [key, part]
    }),
  )
}

/** Shapes of the outputs, that rows do not depend on each other or on chance, and that every parameter has a gradient. */
function tryOut(
  tf: Backend['tf'],
  parts: Parts,
  { variables, forward }: TfjsNetwork,
  { network }: Layout,
  fail: (problem: string) => never,
): void {
  tf.tidy(() => {
    const size = network.observationSize
    const rows = tf.tensor2d(
      Array.from({ length: TRIED * size }, (_, i) => uniform(0, Purpose.init, 1, 0, i)),
      [TRIED, size],
    )
    checkOutputs(parts.forward(batchOf(tf, rows, network)), network.numActions, fail)
    const all = tf.slice(forward(rows), [1, 0], [1, -1]).dataSync()
    const alone = forward(tf.slice(rows, [1, 0], [1, size])).dataSync()
    if (all.some((x, i) => Math.abs(x - alone[i]) > 1e-3 * Math.max(1, Math.abs(x))))
      fail("an observation's outputs depend on others in the batch, or on chance")
    const { grads } = tf.engine().gradients(() => tf.sum(forward(rows)), [...variables])
    const idle = Object.keys(parts.parameters).filter((_, i) => !grads[i])
    if (idle.length > 0) fail(`the outputs do not depend on the parameter '${idle[0]}'`)
  })
}

function checkOutputs(outputs: unknown, numActions: number, fail: (problem: string) => never): void {
  const list: unknown[] = Array.isArray(outputs) ? outputs : [outputs]
  const shapes = list.map(output => (output as Tensor | undefined)?.shape)
  const wanted = [
    [TRIED, numActions],
    [TRIED, 1],
  ]
  if (JSON.stringify(shapes) === JSON.stringify(wanted)) return
  const shown = shapes.map(shape =>
    shape
      ? `[N${shape
          .slice(1)
          .map(n => `, ${n}`)
          .join('')}]`
      : 'no tensor',
  )
  fail(
    `its outputs must be two: logits or means [N, ${numActions}] and values [N, 1]; they are ${shown.join(' and ')}`,
  )
}
