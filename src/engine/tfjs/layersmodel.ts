import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Tensor, Variable } from './backend.ts'
import type { Batch, FunctionNetwork, NetworkTask } from './networks.ts'

/** What draws random numbers of its own in training, which no seed of ours reaches. */
const random = ['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout']

type Fail = (problem: string) => never
type Layer = LayersModel['layers'][number]

/** By what it has: a script may have made it with a copy of tfjs-layers of its own. */
export function isLayersModel(made: unknown): made is LayersModel {
  const { layers, trainableWeights, apply } = (made ?? {}) as Partial<LayersModel>
  return Array.isArray(layers) && Array.isArray(trainableWeights) && typeof apply === 'function'
}

/** Its weights by name and its forward pass. `fail` is called for a model that training could not do justice to. */
export function partsOfModel(model: LayersModel, task: NetworkTask, fail: Fail): FunctionNetwork {
  for (const layer of layersOf(model.layers)) checkLayer(layer, fail)
  if (model.nonTrainableWeights.length > 0)
    fail(
      `the weight '${model.nonTrainableWeights[0].originalName}' is not trained, so that no checkpoint has it`,
    )
  checkInputs(model, task, fail)
  const names = namesOf(model)
  const parameters = Object.fromEntries(
    model.trainableWeights.map((weight, i) => [names[i], weight.read() as Variable]),
  )
  if (Object.keys(parameters).length < names.length) fail('two of its layers have the same name')
  const order = Object.keys(task.shapes).length > 0 ? model.inputNames : null
  const forward = (observations: Batch) => {
    const inputs = order
      ? order.map(key => (observations as Record<string, Tensor>)[key])
      : (observations as Tensor)
    return model.apply(inputs as Tensor, { training: false }) as [Tensor, Tensor]
  }
  return { parameters, forward }
}

/** Those inside of models that are layers of this one too. */
function layersOf(layers: readonly Layer[]): Layer[] {
  return layers.flatMap(layer => [layer, ...layersOf((layer as Partial<LayersModel>).layers ?? [])])
}

function checkLayer(layer: Layer, fail: Fail): void {
  const kind = layer.getClassName()
  const what = `the layer '${layer.name}' (${kind})`
  if (kind === 'BatchNormalization')
    fail(`${what} keeps moments of its own, which are no parameters; use layerNormalization`)
  if (random.includes(kind)) fail(`${what} draws random numbers that the run's seed does not govern`)
  if (layer.stateful) fail(`${what} keeps a state from one call to the next`)
  if ('layers' in layer) return
  const odd = Object.entries(layer.getConfig()).find(
    ([option, value]) => /(Regularizer|Constraint)$/.test(option) && value,
  )
  if (odd) fail(`${what} has a ${odd[0]}, which PPO's loss knows nothing of`)
}

function checkInputs({ inputs, inputNames }: LayersModel, { shape, shapes }: NetworkTask, fail: Fail): void {
  const keys = Object.keys(shapes)
  const found = inputs.map(input => JSON.stringify(input.shape.slice(1)))
  if (keys.length === 0) {
    if (found.length !== 1 || found[0] !== JSON.stringify(shape))
      fail(`its input must have the shape [${shape}] of an observation; it has ${found.join(' and ')}`)
    return
  }
  const wanted = keys.map(key => `${key} ${JSON.stringify(shapes[key])}`)
  const named = inputNames.map((name, i) => `${name} ${found[i]}`)
  if (named.toSorted().join() !== wanted.toSorted().join())
    fail(
      `its inputs must be the keys of an observation, ${wanted.join(', ')} (tf.input({ name, shape })); they are ${named.join(', ')}`,
    )
}

/**
 * `dense_1/kernel`: tfjs numbers unnamed layers through all models of a process (dense_Dense7), we through this one, so
 * that the same network has the same names again.
 */
function namesOf({ trainableWeights }: LayersModel): string[] {
  const found = new Map<string, string[]>()
  return trainableWeights.map(({ originalName }) =>
    originalName.replace(/([a-z0-9_]+)_([A-Z]\w*?)\d+(?=\/)/g, (layer, snake: string) => {
      const ofKind = found.get(snake) ?? []
      if (!ofKind.includes(layer)) ofKind.push(layer)
      found.set(snake, ofKind)
      return `${snake}_${ofKind.indexOf(layer) + 1}`
    }),
  )
}
