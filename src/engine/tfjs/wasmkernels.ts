import type { KernelFunc, Tensor4D } from '@tensorflow/tfjs-core'
import type { Tf } from './backend.ts'

/** What the gradient of a convolution asks of its backend. */
interface Call {
  inputs: { x: Tensor4D; dy: Tensor4D }
  attrs: {
    strides: number | [number, number]
    pad: 'same' | 'valid' | number
    filterShape: [number, number, number, number]
  }
}

/** What tfjs's WebAssembly backend lacks for training convolutions, and what it gets wrong; once per process. */
export function mendKernels(tf: Tf): void {
  if (tf.getKernel('Conv2DBackpropFilter', 'wasm')) return
  addConv2DBackpropFilter(tf)
  mendMaxPoolGrad(tf)
}

/** The kernel finds no largest number in a window without a positive one: it is given all numbers moved up. */
function mendMaxPoolGrad(tf: Tf): void {
  const own = tf.getKernel('MaxPoolGrad', 'wasm')
  const kernelFunc: KernelFunc = call =>
    tf.tidy(() => {
      const x = call.inputs.input as Tensor4D
      const input = tf.add(tf.sub(x, tf.min(x)), 1) as Tensor4D
      return own.kernelFunc({ ...call, inputs: { ...call.inputs, input } }) as Tensor4D
    })
  tf.unregisterKernel('MaxPoolGrad', 'wasm')
  tf.registerKernel({ ...own, kernelFunc })
}

/** d loss / d filter, as one product of matrices per tap of the filter. */
function addConv2DBackpropFilter(tf: Tf): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: call => filterGradient(tf, call as unknown as Call),
  })
}

function filterGradient(tf: Tf, { inputs: { x, dy }, attrs }: Call): Tensor4D {
  const { filterShape, strides, pad } = attrs
  const [height, width, channels, filters] = filterShape
  const { padInfo, strideHeight, strideWidth, outHeight, outWidth } = tf.backend_util.computeConv2DInfo(
    ...([x.shape, filterShape, strides, 1, pad] as const),
  )
  const [n] = x.shape
  return tf.tidy(() => {
    const { top, bottom, left, right } = padInfo
    const padded = tf.pad4d(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ])
    const slopes = tf.reshape(dy, [n * outHeight * outWidth, filters])
    const taps = Array.from({ length: height * width }, (_, tap) => {
      const [row, column] = [Math.floor(tap / width), tap % width]
      const end: [number, number, number, number] = [
        ...([
          n,
          row + (outHeight - 1) * strideHeight + 1,
          column + (outWidth - 1) * strideWidth + 1,
        ] as const),
        channels,
      ]
      const seen = tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1])
      return tf.matMul(tf.reshape(seen, [n * outHeight * outWidth, channels]), slopes, true, false)
    })
    return tf.reshape(tf.stack(taps), filterShape)
  })
}
