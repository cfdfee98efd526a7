// Operations as methods of tensors: chained.ts adds them.
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'

/** TensorFlow.js as every one of its backends shares it; loaded only when an engine asks. */
export type Tf = typeof import('@tensorflow/tfjs-core')
/** What scripts get to make networks with. */
export type TfWithLayers = Tf & typeof import('@tensorflow/tfjs-layers')
export type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core'

/** TensorFlow.js with one of its backends ready. */
export interface Backend {
  readonly tf: TfWithLayers
  /** As tfjs calls it: cpu, wasm, tensorflow, webgpu. */
  readonly id: string
  /** What it runs on, for people. */
  readonly device: string
  readonly isGpu: boolean
  /** Whether a tensor's numbers can be had without giving up the turn. */
  readonly readsSync: boolean
}

/** Makes it the backend of what follows: a process may hold several, and tfjs has one at a time. */
export function enter({ tf, id }: Backend): void {
  // Its promise is for a backend's first time, which loading has awaited.
  if (tf.getBackend() !== id) void tf.setBackend(id)
}
