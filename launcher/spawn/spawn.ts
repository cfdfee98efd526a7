import type { PlannedHost } from '../plan.ts'
import { markOf } from '../protocol.ts'
import type { AgentProcess, Ending } from './carrier.ts'
import { spawnLocal } from './local.ts'
import { explainSlurm, spawnSlurm } from './slurm.ts'
import { spawnSsh } from './ssh.ts'
import { explainSsh, wasCrowded } from './sshfailure.ts'

/** How agents are started, for every kind of host. */
export interface Spawner {
  spawn(host: PlannedHost): AgentProcess
  /** Why an agent did not start, in one line; null: try again. */
  explain(host: PlannedHost, ending: Ending): string | null
}

export interface SpawnOptions {
  jobId: string
  /** The words of --ssh. */
  ssh: readonly string[]
}

export function spawner({ jobId, ssh }: SpawnOptions): Spawner {
  return {
    spawn: host => {
      const mark = markOf(jobId, host.node)
      if (host.via === 'local') return spawnLocal(mark)
      return host.via === 'ssh' ? spawnSsh(host, ssh, mark) : spawnSlurm(host, mark)
    },
    explain: (host, ending) => {
      if (host.via === 'ssh') return wasCrowded(ending) ? null : explainSsh(host, ssh, ending)
      return host.via === 'slurm' ? explainSlurm(host, ending) : `the agent did not start (${ending.how})`
    },
  }
}
