/**
 * What each environment of a rank has gathered in the episode that it is in, [N]. It outlives rollouts, so it is
 * part of a commit.
 */
export class Running {
  readonly returns: Float64Array
  readonly lengths: Float64Array
  /** R = gamma R + reward: what rewards are normalised by. */
  readonly discounted: Float64Array

  constructor(numEnvs: number) {
    this.returns = new Float64Array(numEnvs)
    this.lengths = new Float64Array(numEnvs)
    this.discounted = new Float64Array(numEnvs)
  }

  add(env: number, reward: number, gamma: number): void {
    this.returns[env] += reward
    this.lengths[env]++
    this.discounted[env] = gamma * this.discounted[env] + reward
  }

  end(env: number): void {
    this.returns[env] = 0
    this.lengths[env] = 0
    this.discounted[env] = 0
  }

  /** [N, 3]: return, length, discounted return. */
  toArray(): Float64Array {
    const rows = new Float64Array(3 * this.returns.length)
    this.returns.forEach((_, env) => {
      rows.set([this.returns[env], this.lengths[env], this.discounted[env]], 3 * env)
    })
    return rows
  }

  fromArray(rows: Float64Array): void {
    this.returns.forEach((_, env) => {
      ;[this.returns[env], this.lengths[env], this.discounted[env]] = rows.subarray(3 * env, 3 * env + 3)
    })
  }
}
