import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { eachLine } from '../output/lines.ts'

/** An agent as the launcher holds it, whatever carries its words: a pipe, ssh, srun. */
export interface AgentProcess {
  stdin: NodeJS.WritableStream
  stdout: NodeJS.ReadableStream
  /** Resolves when it is gone, with how it ended. */
  ended: Promise<Ending>
  /** From now on each line that it, or what carries it, says on stderr. */
  onStderr(each: (line: string) => void): void
  /** Lets go of it at once; one that runs elsewhere finds its stdin at its end. */
  kill(): void
}

export interface Ending {
  /** `exit status 1`, `SIGKILL`. */
  how: string
  exitCode: number | null
  /** What it, or what carried it, said last on stderr. */
  lastWords: string[]
}

export const AGENT: string = fileURLToPath(new URL('../../bundle/agentmain.js', import.meta.url))

const KEPT_LINES = 20

/**
 * Starts what carries an agent's words, in a session of its own, so that neither Ctrl-C nor a closed terminal
 * reaches it.
 * @param stderr 'inherit': it says on this process's stderr what it has to say.
 */
export function carry(command: string, args: readonly string[], stderr: 'pipe' | 'inherit'): AgentProcess {
  const child = execa(command, args, {
    detached: true,
    cleanup: false, // the agent ends by itself when its stdin does, and outlives a killed launcher to kill its ranks
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr,
  })
  const lastWords: string[] = []
  let listener = (_line: string): void => {}
  if (child.stderr)
    eachLine(child.stderr, line => {
      lastWords.push(line)
      if (lastWords.length > KEPT_LINES) lastWords.shift()
      listener(line)
    })
  const ended = child.then(({ exitCode = null, signal, code }) => {
    if (code === 'ENOENT') lastWords.push(`${command}: not found`)
    return {
      how: signal ?? (exitCode === null ? 'did not start' : `exit status ${exitCode}`),
      exitCode,
      lastWords,
    }
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    onStderr: each => {
      listener = each
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
