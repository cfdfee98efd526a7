import type { RunState } from '../base/dashboard.ts'
import type { Logger, Metrics } from './logger.ts'

/** Milliseconds between two states: nobody reads faster, and each costs the launcher's time, not only ours. */
const EVERY = 100

/** Tells how far training is: of every update at most ten a second, and the last. */
export function progressLogger(totalSteps: number, show: (state: RunState) => void): Logger {
  let shown = Number.NEGATIVE_INFINITY
  return {
    write: metrics => {
      const now = performance.now()
      const last = (metrics.steps ?? 0) >= totalSteps
      if (now - shown < EVERY && !last) return
      shown = now
      show(stateOf(metrics, totalSteps))
    },
  }
}

/** What is not known yet is 0, or no return. */
export function stateOf(metrics: Metrics, totalSteps: number): RunState {
  return {
    steps: metrics.steps ?? 0,
    totalSteps,
    sps: metrics['charts/SPS'] ?? 0,
    return: metrics['charts/episodic_return'] ?? null,
    sample: metrics['time/sample'] ?? 0,
    learn: metrics['time/learn'] ?? 0,
    allreduce: metrics['time/allreduce'] ?? 0,
  }
}
