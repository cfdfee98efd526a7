import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../data.ts'
import { Running, until } from '../rig.ts'
import { hold, type Network, namespace } from './network.ts'

const INIT = join(checkout, 'test', 'cluster', 'host.sh')

/** What a host runs by itself, whatever is started on it. */
const DAEMONS =
  /host\.sh|^sleep (1|infinity)$|sshd.* -D |sshd: .*\[listener\]|slurmctld|slurmd|slurmscriptd|munged/

/** One host of a cluster: a process with namespaces of its own. */
export class Host {
  readonly name: string
  /** With the length of its network: `10.77.0.1/24`, `fd77::1/64`. */
  readonly addresses: readonly string[]
  /** The pid of its first process, as the machine sees it. */
  pid = 0
  readonly #folder: string
  readonly #network: Network
  #holder: ChildProcess | undefined
  #mounts: string | undefined

  constructor(name: string, addresses: readonly string[], folder: string, network: Network) {
    this.name = name
    this.addresses = addresses
    this.#folder = folder
    this.#network = network
  }

  /** @param ownPids process ids of its own; nsenter into such a host forks, so signals to it do not pass. */
  async boot(ownPids: boolean): Promise<void> {
    const namespaces = ['--net', '--uts', '--ipc', '--mount', '--propagation', 'private']
    if (ownPids) namespaces.push('--pid', '--fork', '--mount-proc', '--kill-child=KILL')
    this.#holder = hold(['unshare', ...namespaces, 'bash', INIT, this.#folder, this.name, checkout])
    const outer = this.#holder.pid!
    const up = () => existsSync(join(this.#folder, `${this.name}.up`)) || undefined
    await until(`host ${this.name} to come up`, up)
    this.pid = ownPids ? childOf(outer) : outer
    this.#mounts = namespace(this.pid, 'mnt')
    this.#network.wire(this.name, this.pid, this.addresses)
  }

  /** Starts a command here. Without process ids of its own the host passes signals on. */
  start(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): Running {
    // Whoever enters another file system starts at its root.
    const there = ['sh', '-c', 'cd "$0" && exec "$@"', options.cwd ?? '/', command, ...args]
    return new Running('nsenter', [...this.#enter(), ...there], options)
  }

  /** Runs a shell command here and returns what it prints. */
  sh(command: string): string {
    return execFileSync('nsenter', [...this.#enter(), 'sh', '-c', command], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  }

  /** Processes that run here besides the host's own. */
  processes(containing = ''): { pid: number; command: string }[] {
    return allPids()
      .filter(pid => namespace(pid, 'mnt') === this.#mounts)
      .map(pid => ({ pid, command: commandOf(pid) }))
      .filter(({ command }) => !DAEMONS.test(command) && command.includes(containing))
  }

  /** Names in a folder of this host, such as /tmp and /dev/shm. */
  files(folder: string): string[] {
    return readdirSync(`/proc/${this.pid}/root${folder}`)
  }

  /** Whether something listens on a TCP port. */
  listens(port: number): boolean {
    return this.listening().includes(port)
  }

  /** TCP ports on which something listens. */
  listening(): number[] {
    const lines = ['tcp', 'tcp6'].flatMap(file =>
      readFileSync(`/proc/${this.pid}/net/${file}`, 'utf8').split('\n'),
    )
    const sockets = lines.map(line => line.trim().split(/\s+/)).filter(fields => fields[3] === '0A')
    return sockets.map(fields => Number.parseInt(fields[1].split(':')[1], 16))
  }

  /** Pulls the network cable: no FIN, packets vanish. */
  cut(): void {
    this.#network.cut(this.name)
  }

  heal(): void {
    this.#network.heal(this.name)
  }

  /** Nothing runs here any more and nobody on the network hears of it. */
  powerOff(): void {
    if (!this.#holder) return
    try {
      this.cut()
    } catch {
      // already cut
    }
    for (const pid of allPids()) if (namespace(pid, 'mnt') === this.#mounts) killIfThere(pid)
    this.#holder.kill('SIGKILL')
    this.#holder = undefined
  }

  #enter(): string[] {
    return ['-t', String(this.pid), '-m', '-u', '-i', '-n', ...(this.#ownPids() ? ['-p'] : [])]
  }

  #ownPids(): boolean {
    return namespace(this.pid, 'pid') !== namespace('self', 'pid')
  }
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it went by itself
  }
}
