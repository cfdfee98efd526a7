import { slurmAllocation } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import type { Host } from '../plan.ts'
import { type IsHere, namesOfThisMachine, thisMachine } from './here.ts'
import { type ListedHost, parseHostList, readHostfile } from './hostfile.ts'
import { slurmHosts } from './slurm.ts'

export const launchers = ['auto', 'local', 'ssh', 'slurm'] as const
/** --launcher: what starts the agents of other hosts; auto: srun inside an allocation, else ssh. */
export type Launcher = (typeof launchers)[number]

/** What of the command line names hosts. */
export interface HostOptions {
  hostfile: string | null
  /** -H, all of them joined by commas. */
  host: string | null
  launcher: Launcher
  np: number | null
}

/** The hosts of a job, and whether somebody has said how many ranks they take. */
export interface Chosen {
  hosts: Host[]
  /** From a hostfile, -H or an allocation; false: this machine, with a slot for each rank that is wanted. */
  named: boolean
}

/**
 * A hostfile, which -H filters; -H alone; a Slurm allocation; this machine. Resolves no name, contacts no host.
 * Throws UsageError.
 */
export function chooseHosts({ hostfile, host, launcher, np }: HostOptions): Chosen {
  const isHere = namesOfThisMachine()
  const written = writtenHosts(hostfile, host, isHere)
  const allocation = launcher === 'local' ? null : slurmAllocation()
  if (allocation?.copies && allocation.copies > 1)
    throw new UsageError(
      `srun has started ${allocation.copies} of this launcher; write srun pporun worker SCRIPT, or leave out srun`,
    )
  if (launcher === 'slurm' && allocation === null)
    throw new UsageError('--launcher slurm: not inside a Slurm allocation (sbatch or salloc)')
  if (written === null && allocation === null) return { hosts: [thisMachine(np ?? 1)], named: false }
  const allocated = allocation === null ? [] : slurmHosts(allocation)
  const hosts = written ?? allocated
  const inAllocation = new Set(launcher === 'ssh' ? [] : allocated.map(({ name }) => name))
  return {
    hosts: hosts.map(found => ({ ...found, via: via(found, launcher, inAllocation, isHere) })),
    named: true,
  }
}

function via(host: Host, launcher: Launcher, allocated: Set<string>, isHere: IsHere): Host['via'] {
  if (host.via === 'local' || (host.via === 'slurm' && isHere(host.name))) return 'local'
  if (allocated.has(host.name)) return 'slurm'
  if (launcher === 'local') throw new UsageError(`--launcher local: '${host.name}' is another machine`)
  if (launcher === 'slurm') throw new UsageError(`--launcher slurm: '${host.name}' is not in the allocation`)
  return 'ssh'
}

function writtenHosts(hostfile: string | null, list: string | null, isHere: IsHere): Host[] | null {
  const listed = list === null ? null : parseHostList(list, isHere)
  if (hostfile === null) return listed?.map(({ host }) => host) ?? null
  const all = readHostfile(hostfile, isHere)
  return listed?.map(wanted => filtered(wanted, all, hostfile, isHere)) ?? all
}

/** A host of -H as the hostfile describes it; -H may ask for fewer of its slots. */
function filtered({ host, asked }: ListedHost, all: readonly Host[], file: string, isHere: IsHere): Host {
  const same = ({ name }: Host) => name === host.name || (isHere(name) && isHere(host.name))
  const found = all.find(same)
  if (found === undefined) throw new UsageError(`-H ${host.name}: is not in hostfile '${file}'`)
  if (asked !== null && asked > found.slots)
    throw new UsageError(`-H ${host.name}:${asked}: hostfile '${file}' gives it slots=${found.slots}`)
  return { ...found, slots: asked ?? found.slots }
}
