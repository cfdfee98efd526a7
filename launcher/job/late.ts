import type { RankState } from '../protocol.ts'

/** The rank that the others wait for: one that is stopped, else the furthest behind; null if there is none. */
export function latest(states: RankState[]): RankState | null {
  const stopped = states.find(({ state }) => state === 'T')
  if (stopped) return stopped
  const outside = states.filter(({ progress }) => !progress.waiting)
  const candidates = outside.length > 0 ? outside : states
  const behind = (a: RankState, b: RankState) =>
    a.progress.epoch - b.progress.epoch || a.progress.sequence - b.progress.sequence || a.rank - b.rank
  return candidates.toSorted(behind)[0] ?? null
}

/** `rank 2 (pid 812), which is stopped (state T)`, and the like. */
export function describeLate({ rank, pid, state, progress }: RankState): string {
  const doing =
    state === 'T' ? 'stopped (state T)' : progress.waiting ? 'in a collective' : `busy (${progress.phase})`
  return `rank ${rank} (pid ${pid}): ${doing}, last sign of progress ${progress.age.toFixed(1)} s ago`
}
