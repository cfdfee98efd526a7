import { UsageError } from '../base/errors.ts'

export const encoderKinds = ['small', 'nature', 'impala'] as const

/** Convolutions in front of the hidden layers, for observations that are pictures. */
export interface Encoder extends Size {
  kind: (typeof encoderKinds)[number]
  /** How an observation lays out its numbers; `khwc`: the last K pictures, whose channels are taken together. */
  order: 'chw' | 'hwc' | 'khwc'
  /** Pictures in an observation; more than 1 for `khwc` only. */
  frames: number
  /** What its numbers are multiplied by: 1 / 255 for bytes. */
  scale: number
}

export interface Size {
  channels: number
  height: number
  width: number
}

/** One step of an encoder. Pictures inside it are [C, H, W]. */
export type Stage =
  | { type: 'conv'; name: string; kernel: number; stride: number; same: boolean; from: Size; to: Size }
  | { type: 'relu'; to: Size }
  /** The largest of 3 x 3, every second one, at the edges of fewer. */
  | { type: 'pool'; from: Size; to: Size }
  /** x + stages(x). */
  | { type: 'residual'; stages: readonly Stage[]; to: Size }

/**
 * small: two 3 x 3 convolutions, for grid worlds (after MinAtar's, Young & Tian 2019). nature: Mnih et al. 2015.
 * impala: the residual network of Espeholt et al. 2018 (figure 3, right).
 * @throws UsageError if the picture is too small
 */
export function stagesOf(encoder: Encoder): Stage[] {
  const { channels, height, width } = encoder
  const plan = new Plan({ channels, height, width })
  if (encoder.kind === 'impala') {
    const parts = [16, 32, 32].flatMap(filters => [
      plan.conv(filters, 3, 1, true),
      plan.pool(),
      plan.residual(),
      plan.residual(),
    ])
    return [...parts, plan.relu()]
  }
  const convolutions =
    encoder.kind === 'nature'
      ? ([
          [32, 8, 4],
          [64, 4, 2],
          [64, 3, 1],
        ] as const)
      : ([
          [16, 3, 1],
          [32, 3, 1],
        ] as const)
  const stages = convolutions.flatMap(([filters, kernel, stride]) => [
    plan.conv(filters, kernel, stride, false),
    plan.relu(),
  ])
  if (plan.size.height < 1 || plan.size.width < 1)
    throw new UsageError(
      `--encoder ${encoder.kind}: a picture of ${height} x ${width} is too small for it; use --encoder ${height < 5 || width < 5 ? 'none' : 'small'}`,
    )
  return stages
}

/** Numbers that an encoder gives: what the hidden layers see, in the order [C, H, W]. */
export function featuresOf(encoder: Encoder): number {
  const { channels, height, width } = stagesOf(encoder).at(-1)!.to
  return channels * height * width
}

/** Every convolution, in the order of its parameters. */
export function convolutionsOf(stages: readonly Stage[]): Extract<Stage, { type: 'conv' }>[] {
  return stages.flatMap(stage => {
    if (stage.type === 'conv') return [stage]
    return stage.type === 'residual' ? convolutionsOf(stage.stages) : []
  })
}

/**
 * How to read an observation of that shape as a picture: [H, W]; [H, W, C] or [C, H, W], whichever has fewer channels;
 * [K, H, W, C].
 * @param scale what numbers are multiplied by
 * @throws UsageError for other shapes
 */
export function encoderFor(kind: Encoder['kind'], shape: readonly number[], scale: number): Encoder {
  const [a, b, c, d] = shape
  const rest = { kind, scale, frames: 1 }
  if (shape.length === 2) return { ...rest, order: 'chw', channels: 1, height: a, width: b }
  if (shape.length === 3)
    return a < c
      ? { ...rest, order: 'chw', channels: a, height: b, width: c }
      : { ...rest, order: 'hwc', channels: c, height: a, width: b }
  if (shape.length === 4) return { ...rest, frames: a, order: 'khwc', channels: a * d, height: b, width: c }
  throw new UsageError(
    `--encoder ${kind}: observations of shape [${shape}] are no pictures; use --encoder none`,
  )
}

/** Follows the size of a picture through the stages, and numbers the convolutions. */
class Plan {
  size: Size
  #convolutions = 0

  constructor(size: Size) {
    this.size = size
  }

  conv(filters: number, kernel: number, stride: number, same: boolean): Stage {
    const from = this.size
    const after = (length: number) => (same ? length : Math.floor((length - kernel) / stride) + 1)
    this.size = { channels: filters, height: after(from.height), width: after(from.width) }
    const name = `encoder.${this.#convolutions++}`
    return { type: 'conv', name, kernel, stride, same, from, to: this.size }
  }

  relu(): Stage {
    return { type: 'relu', to: this.size }
  }

  pool(): Stage {
    const from = this.size
    this.size = { ...from, height: Math.ceil(from.height / 2), width: Math.ceil(from.width / 2) }
    return { type: 'pool', from, to: this.size }
  }

  residual(): Stage {
    const { channels } = this.size
    const stages = [1, 2].flatMap(() => [this.relu(), this.conv(channels, 3, 1, true)])
    return { type: 'residual', stages, to: this.size }
  }
}
