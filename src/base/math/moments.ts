/** Count, mean and M2, the sum of squared distances from the mean. */
export interface Moments {
  count: number
  mean: number
  m2: number
}

/** Moments of `values[indices[i]]`, at least one: two passes in float64, in the order given. */
export function momentsOf(values: Float32Array, indices: Int32Array): Moments {
  const count = indices.length
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[indices[i]]
  const mean = sum / count
  let m2 = 0
  for (let i = 0; i < count; i++) {
    const distance = values[indices[i]] - mean
    m2 += distance * distance
  }
  return { count, mean, m2 }
}

/** Unbiased: n - 1 under the root. 0 for a single row. */
export function standardDeviation(moments: Moments): number {
  return moments.count > 1 ? Math.sqrt(moments.m2 / (moments.count - 1)) : 0
}

/** The moments of two groups of values together (Chan et al. 1979); merge in a fixed order for fixed bits. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  if (count === 0) return a
  const delta = b.mean - a.mean
  const mean = a.mean + (delta * b.count) / count
  return { count, mean, m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count }
}
