import type { Writable } from 'node:stream'
import { sourceStack } from '../../src/base/stack.ts'
import type { HostFacts } from '../facts.ts'
import { Agent } from './agent.ts'

/** Makes this process an agent until its ranks have ended. Resolves with the exit status. The parameters are Agent's. */
export function serve(
  mark: string,
  input: NodeJS.ReadableStream,
  output: Writable,
  facts: HostFacts | null,
): Promise<number> {
  return new Promise(resolve => {
    const agent = new Agent(mark, input, output, facts, resolve)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1'] as const)
      process.on(signal, () => agent.interrupt(signal))
    process.on('SIGHUP', () => {})
    process.on('uncaughtException', error => agent.fail(sourceStack(error)))
  })
}
