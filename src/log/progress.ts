import { duration, percent, thousands } from '../base/format.ts'
import type { Logger, Metrics } from './logger.ts'

/** Milliseconds between two states: nobody reads faster, and each costs the launcher's time, not only ours. */
const EVERY = 100

/** One line that says how far training is: steps, speed, return, time left, share of time in allreduce. */
export function progressLogger(totalSteps: number, show: (text: string) => void): Logger {
  let shown = Number.NEGATIVE_INFINITY
  return {
    write: metrics => {
      const now = performance.now()
      const last = (metrics.steps ?? 0) >= totalSteps
      if (now - shown < EVERY && !last) return
      shown = now
      show(progressLine(metrics, totalSteps))
    },
  }
}

export function progressLine(metrics: Metrics, totalSteps: number): string {
  const steps = metrics.steps ?? 0
  const sps = metrics['charts/SPS'] ?? 0
  const episodic = metrics['charts/episodic_return']
  const spent = (metrics['time/sample'] ?? 0) + (metrics['time/learn'] ?? 0)
  const share = spent > 0 ? (metrics['time/allreduce'] ?? 0) / spent : 0
  return [
    `${percent(steps / totalSteps).padStart(5)} ${bar(steps / totalSteps)}`,
    `${thousands(steps)}/${thousands(totalSteps)} steps`,
    `${thousands(sps)} SPS`,
    `return ${episodic === null || episodic === undefined ? '-' : episodic.toFixed(1)}`,
    `ETA ${duration(sps > 0 ? (totalSteps - steps) / sps : 0)}`,
    `allreduce ${percent(share)}`,
  ].join('  ')
}

function bar(share: number): string {
  const full = Math.round(12 * Math.min(1, share))
  return '█'.repeat(full) + '░'.repeat(12 - full)
}
