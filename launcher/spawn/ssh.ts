import type { PlannedHost } from '../plan.ts'
import { type AgentProcess, carry } from './carrier.ts'
import { agentCommand } from './elsewhere.ts'

/**
 * Never asks and never waits for long; never changes how host keys are checked. The rest is the user's own
 * configuration, but for what would get in the way of a pipe.
 */
const OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=10',
  // The launcher notices a cut by itself. This ends the client of a launcher that was killed in one.
  'ServerAliveInterval=5',
  'ServerAliveCountMax=2',
  // A master that this connection started would outlive the job.
  'ControlMaster=no',
  'ClearAllForwardings=yes',
  'RemoteCommand=none',
].flatMap(option => ['-o', option])

/**
 * Starts a host's agent over ssh.
 * @param ssh the words of --ssh: the client, and options for it.
 */
export function spawnSsh(host: PlannedHost, ssh: readonly string[], mark: string): AgentProcess {
  const [client, ...own] = ssh
  const port = host.port === null ? [] : ['-p', String(host.port)]
  const user = host.user === null ? [] : ['-l', host.user]
  const command = ['exec', ...agentCommand(mark).map(quoted)].join(' ')
  return carry(client, [...own, '-T', '-x', ...OPTIONS, ...port, ...user, '--', host.name, command], 'pipe')
}

/** ssh hands one string to a shell there. */
const quoted = (word: string): string =>
  /^[\w/.:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
