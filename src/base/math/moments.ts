/** Count, mean and M2, the sum of squared distances from the mean. */
export interface Moments {
  count: number
  mean: number
  m2: number
}

/** Moments of `values[indices[i]]`, at least one, or of all: two passes in float64, in the order given. */
export function momentsOf(values: Float32Array, indices: Int32Array | null): Moments {
  const count = indices ? indices.length : values.length
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[indices ? indices[i] : i]
  const mean = sum / count
  let m2 = 0
  for (let i = 0; i < count; i++) {
    const distance = values[indices ? indices[i] : i] - mean
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

/** Moments of every component of vectors: plain data. */
export interface VectorMoments {
  count: number
  mean: Float64Array // [size]
  m2: Float64Array // [size]
}

export function vectorMoments(size: number): VectorMoments {
  return { count: 0, mean: new Float64Array(size), m2: new Float64Array(size) }
}

/** Takes the vector of `rows` that begins at `at` (Welford 1962). */
export function addVector(moments: VectorMoments, rows: Float32Array | Float64Array, at: number): void {
  const { mean, m2 } = moments
  const weight = 1 / ++moments.count
  for (let k = 0; k < mean.length; k++) {
    const x = rows[at + k]
    const delta = x - mean[k]
    mean[k] += delta * weight
    m2[k] += delta * (x - mean[k])
  }
}

/** Merges `more` into `moments` (Chan et al. 1979); merge in a fixed order for fixed bits. */
export function mergeVectors(moments: VectorMoments, more: VectorMoments): void {
  if (more.count === 0) return
  const count = moments.count + more.count
  const share = more.count / count
  for (let k = 0; k < moments.mean.length; k++) {
    const delta = more.mean[k] - moments.mean[k]
    moments.m2[k] += more.m2[k] + delta * delta * moments.count * share
    moments.mean[k] += delta * share
  }
  moments.count = count
}

export function clearVectors(moments: VectorMoments): void {
  moments.count = 0
  moments.mean.fill(0)
  moments.m2.fill(0)
}
