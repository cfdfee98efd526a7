import { userInfo } from 'node:os'
import type { PlannedHost } from '../plan.ts'
import type { Ending } from './carrier.ts'
import { explainMissing, lastLine } from './elsewhere.ts'

/** Why an agent did not start over ssh, and the command that mends it: one line. */
export function explainSsh(host: PlannedHost, ssh: readonly string[], ending: Ending): string {
  const missing = explainMissing(host.name, ending)
  if (missing !== null) return missing
  const said = ending.lastWords.join('\n')
  const to = addressee(host, ssh)
  const found = reasons.find(([pattern]) => pattern.test(said))
  if (found) return found[1](to)
  return `${to.name}: the agent did not start over ssh (${lastLine(ending)}); try: ${command(to)} true`
}

/** True if the connection was dropped because too many came at once (sshd's MaxStartups): worth another try. */
export function wasCrowded({ exitCode, lastWords }: Ending): boolean {
  return exitCode === 255 && /kex_exchange_identification|Not allowed at this time/.test(lastWords.join('\n'))
}

interface Addressee {
  name: string
  port: number | null
  /** As ssh takes it. */
  login: string
  user: string
  ssh: readonly string[]
}

function addressee({ name, user, port }: PlannedHost, ssh: readonly string[]): Addressee {
  const login = user === null ? name : `${user}@${name}`
  return { name, port, login, user: user ?? userInfo().username, ssh }
}

const portOption = (letter: string, { port }: Addressee): string =>
  port === null ? '' : ` -${letter} ${port}`
const command = (to: Addressee): string => `${to.ssh.join(' ')}${portOption('p', to)} ${to.login}`
/** As known_hosts has it. */
const known = ({ name, port }: Addressee): string => (port === null ? name : `'[${name}]:${port}'`)

/** What ssh says (OpenSSH's own sentences), and what it means. The first that fits counts. */
const reasons: [pattern: RegExp, explain: (to: Addressee) => string][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    to =>
      `${to.name} shows another ssh host key than the one known here; if it was set up anew: ssh-keygen -R ${known(to)}, then ${command(to)}`,
  ],
  [
    /Host key verification failed|No \w+ host key is known/,
    to =>
      `${to.name}: its ssh host key is not known here; compare and accept it once by hand: ${command(to)} (or: ssh-keyscan${portOption('p', to)} ${to.name} >> ~/.ssh/known_hosts)`,
  ],
  [
    /Permission denied|Too many authentication failures/,
    to =>
      `${to.name} refuses to let ${to.user} in without a password: ssh-copy-id${portOption('p', to)} ${to.login}, or name the right user`,
  ],
  [
    /Could not resolve hostname/,
    to => `${to.name} does not resolve: correct the name, or add it to /etc/hosts or ~/.ssh/config`,
  ],
  [
    /Connection refused/,
    to =>
      `${to.name} refuses the connection: no sshd listens there${portOption('p', to) && ` on port ${to.port}`}`,
  ],
  [
    /Connection timed out|Operation timed out|No route to host|Network is unreachable/,
    to => `${to.name} cannot be reached: is it up, and is its network? (${command(to)})`,
  ],
  [/: not found$/m, to => `no ssh client '${to.ssh[0]}' here: install OpenSSH, or name one with --ssh`],
]
