import { rankSettings } from './base/contract.ts'
import { control, describeFailure } from './base/control.ts'
import { armFaults } from './base/fault.ts'
import { dieWithParent, keepFreedMemory } from './base/system.ts'
import { startTrace } from './base/trace.ts'
import { PeerTimeoutError } from './collective/transport.ts'
import { closeAll, tellSpans } from './connect.ts'

/**
 * Runs in every rank before any of the user's code (`node --import`): ties the rank's life to its agent's,
 * and owns uncaught errors, so that one cause is reported once and not once per rank.
 */

/** How much of a timeline a rank that is killed takes with it. */
const SPANS_EVERY = 250 // ms

const settings = rankSettings()
const pipe = control()

if (settings && pipe) {
  dieWithParent(settings.agentPid)
  keepFreedMemory()
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('uncaughtException', error => void report(error))
  // From Slurm, to all that it has started; without a handler Node would open a debugger's port.
  process.on('SIGUSR1', signal => void pipe.send({ type: 'signalled', signal }))
  process.once('beforeExit', () => void closeAll().catch(report))
  void pipe.send({ type: 'hello' })
  armFaults(settings.faults)
  if (settings.timeline) {
    startTrace()
    setInterval(() => void tellSpans(pipe), SPANS_EVERY).unref()
  }
}

async function report(error: unknown): Promise<void> {
  // The launcher is finding out which rank is to blame, and ends this one.
  if (error instanceof PeerTimeoutError) return hold()
  const failure = describeFailure(error)
  await tellSpans(pipe!)
  await pipe!.send(failure)
  process.exit(failure.exitStatus)
}

function hold(): void {
  setTimeout(() => process.exit(124), 10_000)
}
