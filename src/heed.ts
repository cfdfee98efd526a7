import { Limit } from './base/contract.ts'
import { control } from './base/control.ts'
import { stopWord } from './connect.ts'

/** The signal that has asked a job of one to stop. */
let heard: NodeJS.Signals | null = null

/** True after Ctrl-C in a job of one. */
export const interrupted = (): boolean => heard === 'SIGINT'

/**
 * From now on a signal that would end this rank asks all ranks to end together after an update. Under a launcher the
 * agent passes it on to everybody; a job of one asks itself, and ends at once at a second Ctrl-C. Returns how to stop heeding.
 */
export function heedSignals(): () => void {
  // USR1 is the preload's under a launcher.
  const signals = control() ? (['SIGTERM', 'SIGINT'] as const) : (['SIGTERM', 'SIGINT', 'SIGUSR1'] as const)
  for (const signal of signals) process.on(signal, heed)
  return () => {
    for (const signal of signals) process.off(signal, heed)
  }
}

function heed(signal: NodeJS.Signals): void {
  const pipe = control()
  const word = stopWord()
  const now = word.saysLeave || (!pipe && signal === 'SIGINT' && word.isSet)
  if (now) endBy(signal)
  else if (pipe && !word.isSet) void pipe.send({ type: 'signalled', signal })
  else if (!pipe) {
    heard ??= signal
    word.stop()
  }
}

/** As if nobody had heeded it. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/** How fast the longest update is forgotten; a job that was suspended is not slow. */
const FORGET = 0.9

/** Whether this rank asks the others to end; asked once per update, when the others are told. */
export function stopAsker(): () => boolean {
  let before = performance.now()
  let longest = 0
  return () => {
    const now = performance.now()
    longest = Math.max(now - before, FORGET * longest)
    before = now
    const { isSet, deadline } = stopWord()
    // If not now, then in an update, and after what is left of that one.
    return isSet || (deadline !== null && Date.now() + 2 * longest + 1000 * Limit.farewell > deadline)
  }
}
