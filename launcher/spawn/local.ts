import { Status } from '../../src/base/contract.ts'
import { sweep } from '../reap.ts'
import { AGENT, type AgentProcess, carry } from './carrier.ts'

/** Starts this machine's agent. Should it be killed, what it leaves is ended before anybody hears of it. */
export function spawnLocal(mark: string): AgentProcess {
  const agent = carry(process.execPath, [AGENT, 'run', mark], 'inherit')
  const swept = agent.ended.then(ending => {
    if (ending.exitCode !== Status.success) sweep(mark)
    return ending
  })
  return { ...agent, ended: swept }
}
