import { exp } from '../base/math/elementary.ts'
import type { GaeRollout } from './gae.ts'

/** What computeVtrace reads beside GaeRollout, [T, N]: how probable the actions were when taken, and are now. */
export interface VtraceRollout extends GaeRollout {
  /** Of the policy that acted. */
  logProbs: Float32Array | Float64Array
  /** Of the policy that learns, whose are `values`, `finalValues` and `lastValues` too. */
  targetLogProbs: Float32Array | Float64Array
}

/** Where importance weights rho = target / behaviour end; infinity: nowhere. */
export interface VtraceClips {
  /** In the temporal differences: decides which policy's values are learnt. */
  rhoBar: number
  /** In the traces: how far back corrections go. */
  cBar: number
}

/** As in the paper. */
export const VTRACE_CLIPS: VtraceClips = { rhoBar: 1, cBar: 1 }

/**
 * V-trace (Espeholt et al. 2018, arXiv 1802.01561, section 4.1), for rows that an older policy has sampled; backwards
 * through each environment's steps:
 *
 *   delta_t = min(rhoBar, rho_t) (r_t + gamma V_next - V_t)
 *   vs_t    = V_t + delta_t + gamma lambda min(cBar, rho_t) (vs_next - V_next)
 *
 * Written: `returns` = vs_t, and `advantages` = r_t + gamma vs_next - V_t. The paper weighs that by min(rhoBar, rho_t); here the
 * ratio of PPO's loss does, which is against the policy that acted. V_next is as in GAE; the trace is cut where an
 * episode ends, also where it is truncated, of which the paper says nothing.
 */
export function computeVtrace(
  rollout: VtraceRollout,
  gamma: number,
  lambda: number,
  clips: VtraceClips = VTRACE_CLIPS,
): void {
  for (let env = 0; env < rollout.numEnvs; env++) sweep(rollout, env, gamma, lambda, clips)
}

function sweep(
  rollout: VtraceRollout,
  env: number,
  gamma: number,
  lambda: number,
  { rhoBar, cBar }: VtraceClips,
): void {
  const { numSteps, numEnvs, rewards, values, terminated, truncated, finalValues } = rollout
  let valueAfter = rollout.lastValues[env]
  let carry = 0 // vs_next - V_next
  for (let t = numSteps - 1; t >= 0; t--) {
    const i = t * numEnvs + env
    if (terminated[i] || truncated[i]) carry = 0
    const next = terminated[i] ? 0 : truncated[i] ? finalValues[i] : valueAfter
    const rho = exp(rollout.targetLogProbs[i] - rollout.logProbs[i])
    const error = rewards[i] + gamma * next - values[i]
    rollout.advantages[i] = error + gamma * carry
    carry = Math.min(rhoBar, rho) * error + gamma * lambda * Math.min(cBar, rho) * carry
    rollout.returns[i] = carry + values[i]
    valueAfter = values[i]
  }
}
