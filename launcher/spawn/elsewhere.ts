import { AGENT, type Ending } from './carrier.ts'

/** Exit statuses of the shell that starts an agent elsewhere, when there is nothing to start. */
const Missing = { node: 97, package: 98 } as const

/**
 * Starts Node from the path that it has here, else from the PATH, and stays: should the agent be killed it ends
 * what carries the job's mark. One line without single quotes, for login shells of every kind.
 */
const KEEPER = [
  'n=$1',
  `[ -x "$n" ] || n=$(command -v node) || exit ${Missing.node}`,
  `[ -f "$2" ] || exit ${Missing.package}`,
  '"$n" "$2" check "$3"',
  's=$?',
  '[ $s -le 128 ] || "$n" "$2" sweep "$3"',
  'exit $s',
].join('; ')

/** The words that start an agent on another host. */
export function agentCommand(mark: string): string[] {
  return ['sh', '-c', KEEPER, 'pporun', process.execPath, AGENT, mark]
}

/** Why the shell there found nothing to start, and what mends it; null if it did. */
export function explainMissing(name: string, { exitCode }: Ending): string | null {
  if (exitCode === Missing.node) {
    const looked = `neither at ${process.execPath}, as here, nor on the PATH that commands get there`
    return `${name} has no Node (${looked}): install Node ${process.version} there`
  }
  if (exitCode === Missing.package)
    return `${name} has no pporun at ${AGENT}, as this host has: install it at the same path, or share the folder`
  return null
}

/** What was said last. */
export const lastLine = ({ lastWords, how }: Ending): string =>
  lastWords.filter(line => line.trim() !== '').at(-1) ?? how
