import { type Layout, type Part, type Tensor, tensorsOf } from '../layout.ts'
import type { GpuBuffer } from './api.ts'
import type { Device } from './device.ts'
import { addEncoder } from './encoder.ts'
import { each, Plan, type Signal } from './plan.ts'
import {
  activations,
  denseForward,
  denseInput,
  denseSlope,
  denseWeight,
  foldChunks,
  tilesOf,
} from './shaders/dense.ts'

/** A layout's networks on a device. */
export interface DeviceNetwork {
  readonly plan: Plan
  /** [rows, obs]. */
  readonly input: Signal['output']
  /** The policy's logits or means, and V, [rows, numActions + 1]; its slopes are the caller's to write. */
  readonly outputs: Signal & { slope: NonNullable<Signal['slope']> }
  /** [P]. */
  readonly parameters: GpuBuffer
  /** [P], without log_std's, after foldGradient. */
  readonly gradient: GpuBuffer
  /** Adds up what the backward pass has left in chunks. */
  readonly foldGradient: ReturnType<Plan['single']>
}

export function networkOn(device: Device, layout: Layout): DeviceNetwork {
  const { encoder, hidden, sharedTrunk, activation, numActions, observationSize } = layout.network
  const plan = new Plan(device, layout.size)
  const parameters = device.buffer(4 * layout.size)
  const gradient = device.buffer(4 * layout.size)
  const partial = device.buffer(4 * layout.size * plan.chunks)
  const memory: Memory = { plan, parameters, partial, size: layout.size }
  const input = plan.store(observationSize)
  const outputs = plan.signal(numActions + 1) as DeviceNetwork['outputs']

  const observed: Signal = { output: input, slope: null }
  const seen = encoder ? addEncoder(memory, encoder, observed, tensorsOf(layout, 'encoder')) : observed
  const layers = hidden.map(() => activation)
  const trunk = sharedTrunk ? addHidden(memory, layout, 'trunk', layers, seen) : seen
  for (const [part, column] of [
    ['actor', 0],
    ['critic', numActions],
  ] as const) {
    const top = sharedTrunk ? trunk : addHidden(memory, layout, part, layers, trunk)
    const head = tensorsOf(layout, part).slice(-2)
    addDense(memory, head, top, outputs, column, 'none')
  }
  const foldGradient = plan.single({
    code: foldChunks,
    constants: { PARAMETERS: layout.size },
    places: [partial, gradient],
    threads: () => layout.size,
  })
  return { plan, input, outputs, parameters, gradient, foldGradient }
}

/** Where parameters and their gradients are. */
export interface Memory {
  plan: Plan
  parameters: GpuBuffer
  /** [chunks, size]. */
  partial: GpuBuffer
  size: number
}

function addHidden(
  memory: Memory,
  layout: Layout,
  part: Part,
  layers: readonly (keyof typeof activations)[],
  below: Signal,
): Signal {
  const tensors = tensorsOf(layout, part)
  return layers.reduce((x, f, i) => {
    const y = memory.plan.signal(tensors[2 * i].shape[0])
    addDense(memory, tensors.slice(2 * i, 2 * i + 2), x, y, 0, f)
    return y
  }, below)
}

/** y = f(x W^T + b), into columns of y. */
function addDense(
  { plan, parameters, partial, size }: Memory,
  [weight, bias]: readonly Tensor[],
  x: Signal,
  y: Signal,
  column: number,
  f: keyof typeof activations,
): void {
  const [out, inputs] = weight.shape
  const constants = {
    ...{ IN: inputs, OUT: out, WEIGHT: weight.offset, BIAS: bias.offset },
    ...{ STRIDE: y.output.width, COLUMN: column },
  }
  const slope = y.slope!
  plan.layer(
    [
      {
        code: denseForward,
        constants: { ...constants, ACTIVATION: activations[f] },
        places: [parameters, x.output, y.output],
        threads: rows => tilesOf(rows, out),
      },
    ],
    [
      ...(f === 'none'
        ? []
        : [
            {
              code: denseSlope,
              constants: { OUT: out, ACTIVATION: activations[f] },
              places: [y.output, slope],
              threads: each(out),
            },
          ]),
      {
        code: denseWeight,
        constants: { ...constants, PARAMETERS: size },
        places: [x.output, slope, partial],
        threads: () => plan.chunks * tilesOf(out, inputs + 1),
      },
      ...(x.slope
        ? [
            {
              code: denseInput,
              constants,
              places: [parameters, slope, x.slope],
              threads: (rows: number) => tilesOf(rows, inputs),
            },
          ]
        : []),
    ],
  )
}
