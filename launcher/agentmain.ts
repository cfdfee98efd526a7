import { Socket } from 'node:net'
import { addonProblem } from '../src/collective/rendezvous.ts'
import { Agent } from './agent.ts'
import { factsOfThisHost } from './facts.ts'
import { endMarked } from './reap.ts'

/**
 * The agent's process: `node agentmain.js` on the launcher's own host; `... check` elsewhere, where it says what
 * it finds; `... sweep MARK` ends what an agent that was killed has left behind.
 */
async function main(mode: string | undefined, mark: string | undefined): Promise<void> {
  if (mode === 'sweep') return endMarked(mark!)
  const facts = mode === 'check' ? factsOfThisHost(await addonProblem()) : null
  // process.stdout would block where the launcher, or the network to it, does not take what is written.
  const output = new Socket({ fd: 1, readable: false })
  const agent = new Agent(process.stdin, output, facts, () => process.exit(0))
  process.on('SIGTERM', () => agent.stop())
  process.on('SIGINT', () => agent.stop())
  process.on('SIGHUP', () => {})
  process.on('uncaughtException', error => agent.fail(error.stack ?? String(error)))
}

await main(process.argv[2], process.argv[3])
