import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../rig.ts'
import type { Cluster } from './cluster.ts'
import type { Host } from './host.ts'

/** Commands that a cluster with Slurm needs. */
export const SLURM: readonly string[] = ['slurmctld', 'slurmd', 'munged', 'sbatch', 'srun', 'scontrol']

/** Slurm's own configuration, in a folder that every host sees as /etc/slurm. Before the hosts come up. */
export function configureSlurm(folder: string, names: readonly string[], addresses: readonly string[]): void {
  const place = join(folder, 'slurm')
  mkdirSync(place)
  const nodes = names
    .slice(1)
    .map((name, i) => `NodeName=${name} NodeAddr=${addresses[i + 1]} CPUs=2 RealMemory=1000`)
  const lines = [
    'ClusterName=rig',
    `SlurmctldHost=${names[0]}(${addresses[0]})`,
    'SlurmUser=root',
    'AuthInfo=cred_expire=5',
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/affinity',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    'SlurmdParameters=config_overrides', // more CPUs than there may be
    'SchedulerParameters=sched_interval=2,bf_interval=2',
    'ReturnToService=2',
    'SlurmdTimeout=10',
    'KillWait=5',
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool.%n`,
    'SlurmctldPidFile=/run/slurmctld.pid',
    'SlurmdPidFile=/run/slurmd.pid',
    `SlurmctldLogFile=${folder}/slurmctld.log`,
    `SlurmdLogFile=${folder}/slurmd.%n.log`,
    ...nodes,
    'PartitionName=debug Nodes=ALL Default=YES PriorityTier=1 GraceTime=20',
    'PartitionName=urgent Nodes=ALL PriorityTier=2',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
  ]
  writeFileSync(join(place, 'slurm.conf'), `${lines.join('\n')}\n`)
  writeFileSync(join(folder, 'munge.key'), randomBytes(1024), { mode: 0o400 })
  mkdirSync(join(folder, 'state'))
  for (const name of names) mkdirSync(join(folder, `spool.${name}`))
}

/** Starts it: the controller on the login host, a daemon on each of the others. */
export async function startSlurm(cluster: Cluster): Promise<void> {
  const munge = `munged --force --key-file=${cluster.folder}/munge.key --socket=/run/munge/munge.socket.2`
  for (const host of cluster.hosts) daemon(host, `${munge} --foreground`)
  await until(
    'munge',
    () => cluster.hosts.every(host => host.files('/run/munge').includes('munge.socket.2')) || undefined,
  )
  daemon(cluster.login, 'slurmctld -D')
  for (const host of cluster.hosts.slice(1)) daemon(host, 'slurmd -D')
  const idle = () => cluster.login.sh('sinfo -h -o "%T" 2>/dev/null || true').trim() === 'idle' || undefined
  await until('all nodes to be idle', idle)
}

/** Its output is nobody's; it goes with the host. */
function daemon(host: Host, command: string): void {
  host.sh(`${command} >/dev/null 2>&1 </dev/null &`)
}
