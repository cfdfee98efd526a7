import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { AgentProcess } from '../job.ts'

/** Starts this machine's agent: in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it. */
export function spawnLocalAgent(): AgentProcess {
  const agent = execa(process.execPath, [fileURLToPath(new URL('../agent.js', import.meta.url))], {
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const ended = agent.then(({ exitCode, signal }) => signal ?? `exit status ${exitCode}`)
  return { stdin: agent.stdin, stdout: agent.stdout, ended }
}
