import type { Tensor, Tf } from './backend.ts'

type Method = (this: Tensor, ...rest: never[]) => unknown

/**
 * `x.matMul(w).add(b)`: operations as methods of tensors, which tfjs-layers and scripts use and which a package that
 * cannot be loaded by itself under Node gives to the union package alone.
 */
export function chainOperations(tf: Tf): void {
  const one = tf.scalar(0) // of the class that all copies share
  const methods = Object.getPrototypeOf(one) as Record<string, Method>
  one.dispose()
  if (methods.flatten) return
  const operations = { ...tf, ...tf.image, ...tf.spectral } as unknown as Record<string, unknown>
  for (const [name, operation] of Object.entries(operations))
    if (typeof operation === 'function' && !(name in methods) && /^[a-z]/.test(name))
      methods[name] = function (...rest) {
        return (operation as (x: Tensor, ...rest: never[]) => unknown)(this, ...rest)
      }
  Object.assign(methods, special(tf))
}

/** Those that are no operation of the same name with the tensor in front. */
function special(tf: Tf): Record<string, Method> {
  const listed = (x: Tensor | Tensor[]) => (Array.isArray(x) ? x : [x])
  const shaped = function (this: Tensor, ...shape: number[]) {
    return tf.reshape(this, shape)
  }
  return {
    ...{ as1D: flatten, flatten, as2D: shaped, as3D: shaped, as4D: shaped, as5D: shaped },
    asScalar() {
      return tf.reshape(this, [])
    },
    asType(type: 'float32') {
      return tf.cast(this, type)
    },
    toBool() {
      return tf.cast(this, 'bool')
    },
    toFloat() {
      return tf.cast(this, 'float32')
    },
    toInt() {
      return tf.cast(this, 'int32')
    },
    reshapeAs(x: Tensor) {
      return tf.reshape(this, x.shape)
    },
    where(condition: Tensor, x: Tensor) {
      return tf.where(condition, this, x)
    },
    concat(x: Tensor | Tensor[], axis?: number) {
      return tf.concat([this, ...listed(x)], axis)
    },
    stack(x: Tensor | Tensor[], axis?: number) {
      return tf.stack([this, ...listed(x)], axis)
    },
  }

  function flatten(this: Tensor): Tensor {
    return tf.reshape(this, [this.size])
  }
}
