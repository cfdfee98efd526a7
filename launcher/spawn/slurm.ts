import type { PlannedHost } from '../plan.ts'
import { type AgentProcess, carry, type Ending } from './carrier.ts'
import { agentCommand, explainMissing, lastLine } from './elsewhere.ts'

/**
 * One task on one node of the allocation, which may use every CPU of it: ranks are bound by nobody but us.
 * Counts are explicit, since srun takes those of the batch script from its environment; without --overlap the
 * step would wait for others on the node.
 */
const OPTIONS = [
  '--nodes=1',
  '--ntasks=1',
  '--ntasks-per-node=1',
  '--overlap',
  '--cpu-bind=none',
  '--mpi=none',
  '--export=ALL',
  '--kill-on-bad-exit=0',
  '--quiet',
]

/** Starts the agent of a node of the Slurm allocation that this process is in. */
export function spawnSlurm(host: PlannedHost, mark: string): AgentProcess {
  return carry('srun', [...OPTIONS, `--nodelist=${host.name}`, ...agentCommand(mark)], 'pipe')
}

/** Why an agent did not start on a node, and what mends it: one line. */
export function explainSlurm({ name }: PlannedHost, ending: Ending): string {
  const failed = `${name}: srun did not start the agent (${lastLine(ending)})`
  return explainMissing(name, ending) ?? `${failed}; try: srun --overlap -n1 -w ${name} true`
}
