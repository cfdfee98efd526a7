import { convolutionsOf, type Encoder, type Size, type Stage, stagesOf } from '../encoder.ts'
import type { Tensor } from '../layout.ts'
import type { Memory } from './network.ts'
import { each, type Signal } from './plan.ts'
import {
  addForward,
  addInput,
  convForward,
  convInput,
  convWeight,
  pictureForward,
  poolForward,
  poolInput,
  reluForward,
  reluInput,
} from './shaders/convolution.ts'

const lengthOf = ({ channels, height, width }: Size): number => channels * height * width

/** Convolutions, from observations to features. @param tensors weight, bias, weight, bias, ... */
export function addEncoder(
  memory: Memory,
  encoder: Encoder,
  observed: Signal,
  tensors: readonly Tensor[],
): Signal {
  const stages = stagesOf(encoder)
  const weights = new Map(
    convolutionsOf(stages).map(({ name }, i) => [name, tensors.slice(2 * i, 2 * i + 2)]),
  )
  return addStages(memory, stages, addPicture(memory, encoder, observed), weights)
}

type Weights = ReadonlyMap<string, readonly Tensor[]>

function addStages(memory: Memory, stages: readonly Stage[], below: Signal, weights: Weights): Signal {
  return stages.reduce((x, stage) => {
    if (stage.type === 'conv') return addConvolution(memory, stage, x, weights.get(stage.name)!)
    if (stage.type === 'pool') return addPool(memory, stage, x)
    if (stage.type === 'relu') return addRelu(memory, x)
    return addSum(memory, x, addStages(memory, stage.stages, x, weights))
  }, below)
}

function addPicture({ plan }: Memory, encoder: Encoder, { output }: Signal): Signal {
  const { scale } = encoder
  const size = lengthOf(encoder)
  const places = plan.device.buffer(4 * size)
  plan.device.write(places, placesOf(encoder))
  const y = plan.store(size)
  const constants = { SIZE: size, SCALE: scale }
  plan.layer([{ code: pictureForward, constants, places: [places, output, y], threads: each(size) }], [])
  return { output: y, slope: null }
}

/** Where in an observation each number of the picture [C, H, W] is. */
function placesOf({ channels, height, width, order, frames }: Encoder): Uint32Array {
  return Uint32Array.from({ length: channels * height * width }, (_, i) => {
    if (order === 'chw') return i
    const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)]
    const perFrame = channels / frames
    const frame = Math.floor(channel / perFrame)
    return (frame * height * width + pixel) * perFrame + (channel % perFrame)
  })
}

function addConvolution(
  { plan, parameters, partial, size }: Memory,
  { from, to, kernel, stride, same }: Extract<Stage, { type: 'conv' }>,
  x: Signal,
  [weight, bias]: readonly Tensor[],
): Signal {
  const y = plan.signal(lengthOf(to))
  const constants = {
    ...{ C: from.channels, H: from.height, W: from.width, F: to.channels, TO_H: to.height, TO_W: to.width },
    ...{
      K: kernel,
      STEP: stride,
      PAD: same ? (kernel - 1) / 2 : 0,
      WEIGHT: weight.offset,
      BIAS: bias.offset,
    },
  }
  const slope = y.slope!
  plan.layer(
    [{ code: convForward, constants, places: [parameters, x.output, y.output], threads: each(lengthOf(to)) }],
    [
      {
        code: convWeight,
        constants: { ...constants, PARAMETERS: size },
        places: [x.output, slope, partial],
        threads: () => plan.chunks * (weight.size + bias.size),
      },
      ...(x.slope
        ? [
            {
              code: convInput,
              constants,
              places: [parameters, slope, x.slope],
              threads: each(lengthOf(from)),
            },
          ]
        : []),
    ],
  )
  return y
}

function addPool({ plan }: Memory, { from, to }: Extract<Stage, { type: 'pool' }>, x: Signal): Signal {
  const y = plan.signal(lengthOf(to))
  const before = (length: number) => (length % 2 === 0 ? 0 : 1)
  const constants = {
    ...{ H: from.height, W: from.width, TO_H: to.height, TO_W: to.width },
    ...{ PLANES: from.channels, TOP: before(from.height), LEFT: before(from.width) },
  }
  plan.layer(
    [{ code: poolForward, constants, places: [x.output, y.output], threads: each(lengthOf(to)) }],
    [{ code: poolInput, constants, places: [x.output, y.slope!, x.slope!], threads: each(lengthOf(from)) }],
  )
  return y
}

function addRelu({ plan }: Memory, x: Signal): Signal {
  const { width } = x.output
  const y = plan.signal(width)
  const rest = { constants: { SIZE: width }, threads: each(width) }
  plan.layer(
    [{ code: reluForward, places: [x.output, y.output], ...rest }],
    [{ code: reluInput, places: [y.output, y.slope!, x.slope!], ...rest }],
  )
  return y
}

/** A residual block's. */
function addSum({ plan }: Memory, a: Signal, b: Signal): Signal {
  const { width } = a.output
  const y = plan.signal(width)
  const rest = { constants: { SIZE: width }, threads: each(width) }
  plan.layer(
    [{ code: addForward, places: [a.output, b.output, y.output], ...rest }],
    [a, b].map(({ slope }) => ({ code: addInput, places: [y.slope!, slope!], ...rest })),
  )
  return y
}
