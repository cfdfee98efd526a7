import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { until } from '../rig.ts'

/** A process that holds namespaces: they go with it, and it goes with the test. */
export function hold(command: readonly string[]): ChildProcess {
  const words = ['--pdeathsig', 'KILL', ...command]
  return spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
}

export function namespace(pid: number | 'self', kind: 'net' | 'mnt' | 'pid'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`)
  } catch {
    return undefined
  }
}

/** The switch between the hosts: a bridge in a network of its own, so that the machine's is not touched. */
export class Network {
  readonly #holder: ChildProcess = hold(['unshare', '--net', 'sleep', 'infinity'])

  async start(): Promise<void> {
    const own = namespace('self', 'net')
    await until('the network of the switch', () => {
      const its = namespace(this.#holder.pid!, 'net')
      return (its !== undefined && its !== own) || undefined
    })
    this.#ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
    this.#ip('link', 'set', 'br0', 'up')
  }

  /** Runs a cable from the switch to `eth0` of the host whose network process `pid` is in. */
  wire(name: string, pid: number, addresses: readonly string[]): void {
    this.#ip('link', 'add', port(name), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid))
    this.#ip('link', 'set', port(name), 'master', 'br0', 'up')
    const given = addresses
      .map(address => `ip addr add ${address} dev eth0 ${address.includes(':') ? 'nodad' : ''}; `)
      .join('')
    const commands = `ip link set lo up; ${given}ip link set eth0 up`
    execFileSync('nsenter', ['-t', String(pid), '-n', 'sh', '-ec', commands])
  }

  /** Pulls the cable: nobody gets a FIN, packets vanish. */
  cut(name: string): void {
    this.#ip('link', 'set', port(name), 'nomaster')
  }

  heal(name: string): void {
    this.#ip('link', 'set', port(name), 'master', 'br0')
  }

  stop(): void {
    this.#holder.kill('SIGKILL')
  }

  #ip(...words: string[]): void {
    execFileSync('nsenter', ['-t', String(this.#holder.pid), '-n', 'ip', ...words])
  }
}

const port = (name: string): string => `v-${name}`
