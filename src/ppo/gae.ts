/** What computeGae reads and writes; arrays are [T, N], row-major, unless noted. */
export interface GaeRollout {
  numSteps: number // T
  numEnvs: number // N
  rewards: Floats
  values: Floats
  terminated: Uint8Array
  truncated: Uint8Array
  /** V of the episode's last observation where `truncated`; elsewhere never read. */
  finalValues: Floats
  /** V of the observations after the last step, [N]. */
  lastValues: Floats
  /** Written. */
  advantages: Floats
  /** Written: advantages + values, what the critic learns. */
  returns: Floats
}

type Floats = Float32Array | Float64Array

/**
 * Generalised advantage estimation (Schulman et al. 2016, eq. 16), backwards through each environment's steps:
 *
 *   delta_t = r_t + gamma V_next - V_t        A_t = delta_t + gamma lambda A_{t+1}
 *
 * V_next is 0 if the step terminated the episode (also if it was cut off as well), else V(final observation)
 * if it was truncated, else V of the next step. The carry A_{t+1} belongs to another episode after either end.
 */
export function computeGae(rollout: GaeRollout, gamma: number, gaeLambda: number): void {
  for (let env = 0; env < rollout.numEnvs; env++) sweep(rollout, env, gamma, gaeLambda)
}

function sweep(rollout: GaeRollout, env: number, gamma: number, gaeLambda: number): void {
  const { numSteps, numEnvs, rewards, values, terminated, truncated, finalValues } = rollout
  let valueAfter = rollout.lastValues[env]
  let carry = 0 // float64, also where advantages are stored as float32
  for (let t = numSteps - 1; t >= 0; t--) {
    const i = t * numEnvs + env
    const ended = terminated[i] || truncated[i]
    const next = terminated[i] ? 0 : truncated[i] ? finalValues[i] : valueAfter
    const delta = rewards[i] + gamma * next - values[i]
    carry = ended ? delta : delta + gamma * gaeLambda * carry
    rollout.advantages[i] = carry
    rollout.returns[i] = carry + values[i]
    valueAfter = values[i]
  }
}
