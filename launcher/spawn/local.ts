import { AGENT, type AgentProcess, carry } from './carrier.ts'

/** Starts this machine's agent. */
export function spawnLocal(mark: string): AgentProcess {
  return carry(process.execPath, [AGENT, 'run', mark], 'inherit')
}
