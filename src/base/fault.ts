/**
 * Faults on purpose, for tests (`--fault`), in the style of Rabit's mock: a rank does itself harm at a point that is
 * known to the operation. Off, a caller pays one look at `points.op` or `points.update`:
 *
 *     points.op?.('sum', array)
 */

export const faultKinds = ['kill9', 'stop', 'exit', 'delay', 'nan'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  rank: number
  /** Strikes in this update of train(), from 1 as in metrics.jsonl; null: counts from the rank's start. */
  update: number | null
  /** At its so many-th collective from there, from 1 (of an update: 1 is its allgather); null: at once. */
  op: number | null
  kind: FaultKind
  /** How long a delay blocks the rank. */
  seconds: number
}

interface Points {
  /** An update begins; from 1. */
  update: ((update: number) => void) | null
  /** A collective of that name begins, with this array of the rank's own. */
  op: ((name: string, array: ArrayLike<number>) => void) | null
}

export const points: Points = { update: null, op: null }

/** From now on these strike this process, each once. */
export function armFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return
  const armed = faults.map(fault => ({ fault, opsLeft: fault.update === null ? (fault.op ?? 0) : null }))
  const strikeIfDue = (addend: ArrayLike<number> | null) => {
    for (const one of [...armed])
      if (one.opsLeft === 0 && strike(one.fault, addend)) armed.splice(armed.indexOf(one), 1)
  }
  points.update = update => {
    for (const one of armed) if (one.fault.update === update) one.opsLeft ??= one.fault.op ?? 0
    strikeIfDue(null)
  }
  points.op = (name, array) => {
    for (const one of armed) if (one.opsLeft) one.opsLeft--
    strikeIfDue(name === 'sum' ? array : null)
  }
  strikeIfDue(null)
}

/** @param addend what the rank is about to add to a sum. @returns false if it waits for one that it can spoil. */
function strike({ kind, seconds }: Fault, addend: ArrayLike<number> | null): boolean {
  if (kind === 'nan') return spoil(addend)
  if (kind === 'stop') process.kill(process.pid, 'SIGSTOP')
  else if (kind === 'exit') process.exit(1)
  else if (kind === 'delay') block(seconds)
  else {
    process.kill(process.pid, 'SIGKILL')
    block(60) // not one step further
  }
  return true
}

/** All becomes NaN but the zeros that a rank holds for others. */
function spoil(array: ArrayLike<number> | null): boolean {
  if (!(array instanceof Float64Array || array instanceof Float32Array)) return false
  for (let i = 0; i < array.length; i++) if (array[i] !== 0) array[i] = Number.NaN
  return true
}

/** Blocks the whole rank, as a slow machine would. */
function block(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
}
