/** Conformance of networks that scripts make: the same network as ours, made with tf.layers or by hand, is the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { UsageError } from '../../src/base/errors.ts'
import { type Layout, layoutOf, type Network, type Tensor as Place } from '../../src/engine/layout.ts'
import { ReferenceEngine } from '../../src/engine/reference/reference.ts'
import type { Tensor, TfWithLayers } from '../../src/engine/tfjs/backend.ts'
import { TfjsEngine } from '../../src/engine/tfjs/engine.ts'
import { loadBackend, type TfjsEngineName } from '../../src/engine/tfjs/load.ts'
import {
  type Batch,
  type FunctionNetwork,
  type MakeNetwork,
  type NetworkTask,
  registerNetwork,
} from '../../src/engine/tfjs/networks.ts'
import { ownNetworkOf } from '../../src/engine/tfjs/own.ts'
import { allNear, largestOf } from './near.ts'
import { oddLayout, randomBatch, randomParameters, sumsOf, uniformGrid } from './random.ts'

const SIZE = 3
const WIDTHS = [7, 5]

registerNetwork('layers', (tf, task) => layersModel(tf, task))
registerNetwork('function', functionNetwork)

/** oddLayout()'s networks, with its names. */
function layersModel(tf: TfWithLayers, { shape, outputs }: NetworkTask): LayersModel {
  const inputs = tf.input({ shape: [...shape] })
  const tower = (name: string, units: number) =>
    [...WIDTHS, units].reduce(
      (x, units, i, { length }) =>
        tf.layers
          .dense({ units, name: `${name}.${i}`, activation: i < length - 1 ? 'tanh' : 'linear' })
          .apply(x) as typeof inputs,
      inputs,
    )
  return tf.model({ inputs, outputs: [tower('actor', outputs), tower('critic', 1)] })
}

function functionNetwork(tf: TfWithLayers, { outputs }: NetworkTask): FunctionNetwork {
  const { tensors } = oddLayout({ numActions: outputs })
  const parameters = Object.fromEntries(
    tensors.map(({ name, shape }) => [name, tf.variable(tf.randomNormal([...shape]))]),
  )
  const tower = (x: Tensor, name: string) =>
    [0, 1, 2].reduce((x, i) => {
      const y = x.matMul(parameters[`${name}.${i}.weight`], false, true).add(parameters[`${name}.${i}.bias`])
      return i < 2 ? y.tanh() : y
    }, x)
  return {
    parameters,
    forward: x => [tower(x as Tensor, 'actor'), tower(x as Tensor, 'critic')],
  }
}

const ownNetwork = (name: string, change: Partial<Network> = {}): Network => ({
  ...oddLayout(change).network,
  own: { name, shape: [SIZE], shapes: {} },
})

/** Of a backend of TensorFlow.js. */
export async function ownConformance(engine: TfjsEngineName): Promise<void> {
  const backend = await loadBackend(engine)
  const make = (network: Network, seed = 0) => {
    const made = ownNetworkOf({ name: engine, backend }, network, seed)
    return new TfjsEngine(engine, made.layout, backend, made.network)
  }

  for (const name of ['layers', 'function'])
    for (const distribution of ['categorical', 'gaussian'] as const)
      test(`${engine}: a ${distribution} network by ${name} acts and learns as the reference's`, async () => {
        const own = make(ownNetwork(name, { distribution }))
        const oracle = new ReferenceEngine(oddLayout({ distribution }))
        const parameters = randomParameters(oracle.layout, 7)
        oracle.setParameters(parameters)
        own.setParameters(carried(oracle.layout, parameters, own.layout) as Float32Array)
        const { rows, minibatch } = randomBatch(oracle.layout, 3, 11)
        const streams = { seed: 1, firstEnv: 0, step: 4 }
        const expected = oracle.act(rows.observations, 33, streams)
        const acted = await own.act(rows.observations, 33, streams)
        assert.deepEqual(acted.actions.length, expected.actions.length)
        allNear(acted.values, expected.values, 1e-5)
        allNear(acted.distributions, expected.distributions, 1e-5)
        own.setRows(rows)
        oracle.setRows(rows)
        const grid = (layout: Layout) => uniformGrid(layout, 2 ** -60)
        const [its, ours] = [
          await sumsOf(oracle, minibatch, grid(oracle.layout)),
          await sumsOf(own, minibatch, grid(own.layout)),
        ]
        const gradient = carried(oracle.layout, its.gradient, own.layout)
        for (const { offset, size } of own.layout.tensors) {
          const part = gradient.subarray(offset, offset + size)
          allNear(ours.gradient.subarray(offset, offset + size), part, 1e-4 * largestOf(part))
        }
        allNear(ours.statistics, its.statistics, 1e-4 * largestOf(its.statistics))
      })

  test(`${engine}: first values are functions of the seed alone`, () => {
    for (const name of ['layers', 'function']) {
      const [first, again, other] = [1, 1, 2].map(seed => make(ownNetwork(name), seed).initial)
      assert.deepEqual(first, again)
      assert.notDeepEqual(first, other)
    }
  })

  test(`${engine}: as many tensors after ten updates as after one`, async () => {
    for (const name of ['layers', 'function']) {
      const own = make(ownNetwork(name))
      const { rows, minibatch } = randomBatch(own.layout, 2, 4)
      const update = async () => {
        await own.act(rows.observations, 8, { seed: 1, firstEnv: 0, step: 0 })
        own.setRows(rows)
        await sumsOf(own, minibatch, uniformGrid(own.layout, 2 ** -40))
        own.setParameters(own.initial!)
        const { numTensors, numBytes } = backend.tf.memory()
        return [numTensors, numBytes]
      }
      const first = await update()
      for (let i = 0; i < 8; i++) await update()
      assert.deepEqual(await update(), first)
    }
  })

  test(`${engine}: a Dict comes key by key`, async () => {
    const own = { name: 'keys', shape: [8], shapes: { goal: [2], board: [2, 3] } }
    const engine = make({ ...oddLayout({ observationSize: 8 }).network, own })
    engine.setParameters(new Float32Array(engine.layout.size).fill(1))
    const { values } = await engine.act(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 1, null)
    assert.deepEqual([...values], [1 + 2 + 1 + 2 * (3 + 4 + 5 + 6 + 7 + 8)])
  })

  test(`${engine}: names count the layers of this network alone`, () => {
    const names = () => make(ownNetwork('unnamed')).layout.tensors.map(({ name }) => name)
    const expected = [
      'dense_1/kernel',
      'dense_1/bias',
      'dense_2/kernel',
      'dense_2/bias',
      'value/kernel',
      'value/bias',
    ]
    assert.deepEqual(names(), expected)
    assert.deepEqual(names(), expected)
  })

  for (const [name, , problem] of wrong)
    test(`${engine}: ${name} is refused`, () => {
      assert.throws(
        () => make(ownNetwork(name)),
        (error: unknown) => error instanceof UsageError && problem.test(error.message),
      )
    })

  test(`${engine}: chained operations are all there`, async () => {
    const { tf } = backend
    const one = tf.tensor1d([1, 2, 3, 4])
    assert.deepEqual([...(await one.as2D(2, 2).transpose().flatten().data())], [1, 3, 2, 4])
    assert.deepEqual([...(await one.concat(one.neg()).data())], [1, 2, 3, 4, -1, -2, -3, -4])
    assert.deepEqual(one.stack([one, one]).shape, [3, 4])
    assert.equal(
      tf.layers.dense({ units: 3, inputShape: [5], kernelInitializer: 'orthogonal' }).name.length > 0,
      true,
    )
  })
}

/** A flat vector of the one layout in the other: by name, or kernels [in, out] of tf.layers out of [out, in]. */
function carried<T extends Float32Array | Float64Array>(from: Layout, flat: T, to: Layout): T {
  const out = flat.slice() as T
  for (const { name, offset, size } of to.tensors) {
    const own = name.replace('/kernel', '.weight').replace('/bias', '.bias')
    const source = from.tensors.find(({ name }) => name === own) as Place
    const part = flat.subarray(source.offset, source.offset + source.size)
    const [rows, columns] = source.shape
    for (let i = 0; i < size; i++)
      out[offset + i] = name.endsWith('/kernel') ? part[(i % rows) * columns + Math.floor(i / rows)] : part[i]
  }
  assert.equal(to.size, from.size)
  return out
}

registerNetwork('keys', (tf, { shapes, outputs }) => {
  const [board, goal] = ['board', 'goal'].map(name => tf.input({ name, shape: [...shapes[name]] }))
  const [flat, twice] = [0, 1].map(() => tf.layers.flatten().apply(board) as typeof board)
  const all = tf.layers.concatenate().apply([goal, flat, twice]) as typeof board
  const heads = [outputs, 1].map(units => tf.layers.dense({ units }).apply(all) as typeof board)
  return tf.model({ inputs: [board, goal], outputs: heads })
})

registerNetwork('unnamed', (tf, { outputs }) => {
  const inputs = tf.input({ shape: [SIZE] })
  const hidden = tf.layers.dense({ units: 4, kernelInitializer: 'orthogonal' }).apply(inputs)
  const heads = [tf.layers.dense({ units: outputs }), tf.layers.dense({ units: 1, name: 'value' })]
  return tf.model({ inputs, outputs: heads.map(head => head.apply(hidden)) as (typeof inputs)[] })
})

type Input = ReturnType<TfWithLayers['input']>

/** A model whose hidden layers are these. */
const through =
  (layers: (tf: TfWithLayers) => { apply(x: Input): unknown }[], outputs = 3, size = SIZE): MakeNetwork =>
  tf => {
    const inputs = tf.input({ shape: [size] })
    const hidden = layers(tf).reduce((x, layer) => layer.apply(x) as Input, inputs)
    const head = (units: number) => tf.layers.dense({ units }).apply(hidden) as Input
    return tf.model({ inputs, outputs: [head(outputs), head(1)] })
  }

const byFunction =
  (forward: (tf: TfWithLayers, x: Tensor, w: Tensor) => unknown): MakeNetwork =>
  tf => {
    const w = tf.variable(tf.ones([SIZE, 3]))
    return {
      parameters: { w },
      forward: x => forward(tf, x as Tensor, w as never) as never,
    }
  }

const wrong: [name: string, make: MakeNetwork, problem: RegExp][] = [
  [
    'outputs of another size',
    through(() => [], 2),
    /^--network outputs of another size: its outputs must be two: logits or means \[N, 3\] and values \[N, 1\]; they are \[N, 2\] and \[N, 1\]$/,
  ],
  [
    'another input',
    through(() => [], 3, 5),
    /input must have the shape \[3\] of an observation; it has \[5\]$/,
  ],
  [
    'batch normalisation',
    through(tf => [tf.layers.batchNormalization()]),
    /\(BatchNormalization\) keeps moments of its own, .* use layerNormalization$/,
  ],
  ['dropout', through(tf => [tf.layers.dropout({ rate: 0.5 })]), /\(Dropout\) draws random numbers that/],
  [
    'weights that are not trained',
    through(tf => [tf.layers.dense({ units: 3, name: 'frozen', trainable: false })]),
    /the weight 'frozen\/kernel' is not trained/,
  ],
  [
    'a regularizer',
    through(tf => [tf.layers.dense({ units: 3, kernelRegularizer: 'l1l2' })]),
    /has a kernelRegularizer, which PPO's loss knows nothing of$/,
  ],
  ['no network', () => ({}) as never, /it must be a tf.LayersModel, or \{ parameters, forward \}$/],
  ['no variable', () => ({ parameters: { w: 3 }, forward: () => [] }) as never, /'w' must be a tf.variable/],
  ['one output', byFunction((_, x, w) => x.matMul(w)), /they are \[N, 3\]$/],
  [
    'rows that know each other',
    byFunction((_, x, w) => [x.sub(x.mean(0)).matMul(w), x.matMul(w).sum(1, true)]),
    /an observation's outputs depend on others in the batch, or on chance$/,
  ],
  [
    'a parameter without effect',
    tf => {
      const [w, idle] = [1, 2].map(() => tf.variable(tf.ones([SIZE, 3])))
      const forward = (x: Batch) => {
        const y = (x as Tensor).matMul(w)
        return [y, y.sum(1, true)] as [Tensor, Tensor]
      }
      return { parameters: { w, idle }, forward }
    },
    /the outputs do not depend on the parameter 'idle'$/,
  ],
  [
    'a slip',
    byFunction(() => (null as never as { there: number }).there),
    /^--network a slip: Cannot read prop/,
  ],
]
for (const [name, make] of wrong) registerNetwork(name, make)

test("the layout of an own network is its engine's to know", () => {
  assert.equal(layoutOf(ownNetwork('layers')).size, 0)
})
