import { Socket } from 'node:net'
import { Status } from '../../src/base/contract.ts'
import { addonProblem } from '../../src/collective/rendezvous.ts'
import { factsOfThisHost } from '../facts.ts'
import { findGpus } from '../gpus.ts'
import { sweep } from '../reap.ts'
import { serve } from './serve.ts'

/**
 * The agent's process: `node agentmain.js run MARK` on the launcher's own host; `... check MARK` elsewhere, where it says what
 * it finds; `... sweep MARK` ends what an agent that was killed has left behind.
 */
async function main(mode: string, mark: string): Promise<void> {
  if (mode === 'sweep') return sweep(mark)
  const facts = mode === 'check' ? factsOfThisHost({ addon: await addonProblem(), gpus: findGpus() }) : null
  // process.stdout would block where the launcher, or the network to it, does not take what is written.
  await serve(mark, process.stdin, new Socket({ fd: 1, readable: false }), facts)
}

await main(process.argv[2], process.argv[3])
process.exit(Status.success) // the job's status is the launcher's to give
