/** Sums of squares go over this many lanes, as the kernels' vectors do: element i to lane i mod LANES. */
const LANES = 16

/**
 * Scales the gradient [P], in place, so that its norm over all tensors is at most `maxNorm`:
 * g *= min(1, maxNorm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_.
 * @returns the norm before clipping
 */
export function clipGradNorm(gradient: Float64Array, maxNorm: number): number {
  const squares = new Float64Array(LANES)
  for (let i = 0; i < gradient.length; i++) squares[i % LANES] += gradient[i] * gradient[i]
  const norm = Math.sqrt(squares.reduce((sum, lane) => sum + lane))
  const scale = Math.min(1, maxNorm / (norm + 1e-6))
  for (let i = 0; i < gradient.length; i++) gradient[i] *= scale
  return norm
}
