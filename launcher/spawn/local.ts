import { AGENT, type AgentProcess, carry } from './carrier.ts'

/** Starts this machine's agent. */
export function spawnLocal(): AgentProcess {
  return carry(process.execPath, [AGENT], 'inherit')
}
