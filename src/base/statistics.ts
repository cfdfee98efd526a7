/**
 * The per-shard statistics that travel with every gradient: sums over the shard's rows, never averages.
 * Index into a row of `ShardSums.statistics`.
 */
export const Statistic = {
  /** Number of rows behind the other sums. */
  rows: 0,
  policyLoss: 1,
  valueLoss: 2,
  entropy: 3,
  /** k3 of http://joschu.net/blog/kl-approx.html: (ratio - 1) - log(ratio). */
  approxKl: 4,
  /** Rows with |ratio - 1| > clipCoef. */
  clipped: 5,
  /** KL(old || new), exact; 0 where the rows do not have the old distributions. */
  kl: 6,
} as const

/** Numbers per shard. */
export const STATISTICS = 7
