import { exp, log } from '../../base/math/elementary.ts'

/**
 * What rounds of a sum with Gaussian noise give away of one client, in differential privacy: each takes part in a round with
 * probability q by itself, and the noise's deviation is z times what one client can add. Rényi divergence of whole
 * order a (Mironov, Talwar and Zhang 2019, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", section 3.3):
 *
 *   (a - 1) D_a = log sum over k of  C(a, k) (1 - q)^(a - k) q^k exp((k^2 - k) / (2 z^2))
 *
 * and from rounds D_a to epsilon at delta (Canonne, Kamath and Steinke 2020, proposition 12):
 *
 *   epsilon = rounds D_a + log((a - 1) / a) - (log delta + log a) / (a - 1),   the least over the orders
 */
export function epsilonOf(rounds: number, q: number, z: number, delta: number): number {
  if (rounds === 0) return 0
  if (z === 0) return Number.POSITIVE_INFINITY
  const epsilons = orders.map(a => {
    const conversion = log((a - 1) / a) - (log(delta) + log(a)) / (a - 1)
    return rounds * divergence(a, q, z) + conversion
  })
  return Math.max(0, Math.min(...epsilons))
}

const orders = [...Array.from({ length: 62 }, (_, i) => i + 2), 80, 96, 128, 192, 256, 384, 512]

function divergence(a: number, q: number, z: number): number {
  if (q === 1) return a / (2 * z * z)
  const terms = Array.from({ length: a + 1 }, (_, k) => {
    const chance = (a - k) * log(1 - q) + k * log(q)
    return logBinomial(a, k) + chance + (k * k - k) / (2 * z * z)
  })
  const largest = Math.max(...terms)
  const sum = terms.reduce((total, term) => total + exp(term - largest), 0)
  return (largest + log(sum)) / (a - 1)
}

function logBinomial(n: number, k: number): number {
  let sum = 0
  for (let i = 1; i <= k; i++) sum += log((n - k + i) / i)
  return sum
}
