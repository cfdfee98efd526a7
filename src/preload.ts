import { rankSettings } from './base/contract.ts'
import { control, describeFailure } from './base/control.ts'
import { dieWithParent, keepFreedMemory } from './base/system.ts'
import { PeerTimeoutError } from './collective/transport.ts'
import { closeAll } from './connect.ts'

/**
 * Runs in every rank before any of the user's code (`node --import`): ties the rank's life to its agent's,
 * and owns uncaught errors, so that one cause is reported once and not once per rank.
 */

const settings = rankSettings()
const pipe = control()

if (settings && pipe) {
  dieWithParent(settings.agentPid)
  keepFreedMemory()
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('uncaughtException', error => void report(error))
  process.once('beforeExit', () => void closeAll().catch(report))
  void pipe.send({ type: 'hello' })
}

async function report(error: unknown): Promise<void> {
  // The launcher is finding out which rank is to blame, and ends this one.
  if (error instanceof PeerTimeoutError) return hold()
  const failure = describeFailure(error)
  await pipe!.send(failure)
  process.exit(failure.exitStatus)
}

function hold(): void {
  setTimeout(() => process.exit(124), 10_000)
}
