import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext } from 'node:test'
import { checkout } from '../data.ts'
import { type Running, until } from '../rig.ts'
import { Host } from './host.ts'
import { Network } from './network.ts'
import { configureSlurm, SLURM, startSlurm } from './slurm.ts'

/**
 * Several hosts on one machine: network namespaces joined by a bridge, each with its own hostname, /tmp, /dev/shm,
 * process ids and sshd. The file system is the machine's: a shared disk. The first host is where people log in;
 * it keeps the machine's process ids, so that a signal to a command there reaches it.
 */
export class Cluster {
  /** Shared by all hosts (their /tmp is private). */
  readonly folder: string
  readonly hosts: Host[]
  readonly #network: Network

  private constructor(folder: string, names: readonly string[], network: Network) {
    this.folder = folder
    this.#network = network
    this.hosts = names.map(
      (name, i) => new Host(name, [`${addressOf(i)}/24`, `${address6Of(i)}/64`], folder, network),
    )
  }

  /** Starts hosts with these names; they are gone after the test. */
  static async start(t: TestContext, names: readonly string[]): Promise<Cluster> {
    const cluster = await Cluster.boot(names)
    t.after(() => cluster.stop())
    return cluster
  }

  /** Starts hosts that live until stop(). */
  static async boot(names: readonly string[], { slurm = false }: { slurm?: boolean } = {}): Promise<Cluster> {
    const folder = mkdtempSync('/var/tmp/pporun-cluster-')
    const network = new Network()
    const cluster = new Cluster(folder, names, network)
    await network.start()
    writeConfiguration(folder, names)
    if (slurm)
      configureSlurm(
        folder,
        names,
        names.map((_, i) => addressOf(i)),
      )
    for (const [i, host] of cluster.hosts.entries()) await host.boot(i > 0)
    await until('every sshd to listen', () => cluster.hosts.every(host => host.listens(22)) || undefined)
    if (slurm) await startSlurm(cluster)
    return cluster
  }

  /** Where commands are given. */
  get login(): Host {
    return this.hosts[0]
  }

  host(name: string): Host {
    return this.hosts.find(host => host.name === name)!
  }

  /** Starts `pporun` on the login host. */
  pporun(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running {
    const bin = join(checkout, 'launcher', 'pporun.mjs')
    return this.login.start(process.execPath, [bin, ...args], { cwd: this.folder, ...options })
  }

  /** Waits until nothing but the hosts' own daemons runs anywhere; fails, naming what is left, after `seconds`. */
  async quiet(seconds: number): Promise<void> {
    const left = () =>
      this.hosts.flatMap(host => host.processes().map(({ command }) => `${host.name}: ${command}`))
    await until('all hosts to be quiet', () => left().length === 0 || undefined, seconds).catch(() => {
      throw new Error(`left after ${seconds} s:\n${left().join('\n')}`)
    })
  }

  stop(): void {
    for (const host of this.hosts) host.powerOff()
    this.#network.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Why there can be no cluster here; false if there can. For the `skip` of a test. */
export function noCluster(...commands: string[]): string | false {
  if (process.getuid?.() !== 0) return 'a cluster of network namespaces needs root'
  const needed = ['unshare', 'nsenter', 'setpriv', 'ip', 'ssh', 'ssh-keygen', 'sshd', ...commands]
  const path = `${process.env.PATH}:/usr/sbin:/sbin`.split(':')
  const missing = needed.filter(command => !path.some(folder => existsSync(join(folder, command))))
  if (missing.length > 0) return `not installed here: ${missing.join(', ')}`
  const allowed = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0
  return allowed ? false : 'this machine allows no namespaces'
}

/** Tests that share a cluster, which goes with the last of them. */
export function onCluster(
  name: string,
  hosts: readonly string[],
  tests: (cluster: () => Cluster) => void,
  options: { slurm?: boolean } = {},
): void {
  describe(name, { skip: noCluster(...(options.slurm ? SLURM : [])) }, () => {
    let cluster: Cluster | undefined
    before(async () => {
      cluster = await Cluster.boot(hosts, options)
    })
    after(() => cluster?.stop())
    tests(() => cluster!)
  })
}

const addressOf = (index: number): string => `10.77.0.${index + 1}`
const address6Of = (index: number): string => `fd77::${index + 1}`

/** Names, and keys that make every host known to and welcome on every other. */
function writeConfiguration(folder: string, names: readonly string[]): void {
  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  const key = (name: string) => {
    execFileSync('ssh-keygen', ['-qt', 'ed25519', '-N', '', '-f', join(folder, name)])
    return readFileSync(join(folder, `${name}.pub`), 'utf8').trim()
  }
  key('id')
  write('hosts', '127.0.0.1 localhost', ...names.map((name, i) => `${addressOf(i)} ${name}`))
  write('known', ...names.map((name, i) => `${name},${addressOf(i)},${address6Of(i)} ${key(`key.${name}`)}`))
  write(
    'ssh_config',
    ...[
      'Host *',
      `IdentityFile ${folder}/id`,
      `UserKnownHostsFile ${folder}/known`,
      'StrictHostKeyChecking yes',
    ],
  )
  for (const name of names)
    write(
      `sshd.${name}`,
      ...[`HostKey ${folder}/key.${name}`, `AuthorizedKeysFile ${folder}/id.pub`],
      ...['StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin yes'],
    )
}
