import type { Allocation } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import type { Host } from '../plan.ts'
import { expandNodelist } from './nodelist.ts'
import { Problems } from './problems.ts'

/** The hosts of an allocation, one slot for each task. Throws UsageError if Slurm's variables cannot be read. */
export function slurmHosts({
  nodelist,
  tasksPerNode,
}: Pick<Allocation, 'nodelist' | 'tasksPerNode'>): Host[] {
  const problems = new Problems('SLURM_JOB_NODELIST', [nodelist])
  const names = problems.collect(0, 0, () => expandNodelist(nodelist)) ?? []
  problems.throwIfAny()
  const slots = expandCounts(tasksPerNode)
  if (slots.length !== names.length)
    throw new UsageError(
      `SLURM_TASKS_PER_NODE '${tasksPerNode}' has ${slots.length} nodes, SLURM_JOB_NODELIST '${nodelist}' ${names.length}`,
    )
  const unset = { user: null, port: null, maxSlots: null, address: null, iface: null }
  return names.map((name, i) => ({ name, via: 'slurm', slots: slots[i], ...unset, gpus: 'all', env: {} }))
}

/** `2(x3),1` is 2, 2, 2, 1. */
function expandCounts(text: string): number[] {
  return text.split(',').flatMap(part => {
    const [, count, times = '1'] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? []
    if (count === undefined)
      throw new UsageError(`SLURM_TASKS_PER_NODE '${text}' cannot be read at '${part}'`)
    return Array<number>(Math.min(Number(times), 65_536)).fill(Number(count))
  })
}
