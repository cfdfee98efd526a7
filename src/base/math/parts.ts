/** Part k of n things cut into `size` parts, in order and as even as can be: from `first` up to, not including, `last`. */
export function part(n: number, k: number, size: number): { first: number; last: number } {
  return { first: Math.floor((n * k) / size), last: Math.floor((n * (k + 1)) / size) }
}
