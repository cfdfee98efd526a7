import { readFileSync } from 'node:fs'
import { Status } from '../src/base/contract.ts'
import { PporunError, UsageError } from '../src/base/errors.ts'
import { nearest } from '../src/base/nearest.ts'

/**
 * The command line: `pporun COMMAND ...`, where anything that is no command is `run`'s. Each command's code is
 * loaded when it is asked for.
 */
const commands: Record<string, (argv: string[]) => Promise<number>> = {
  run: async argv => (await import('./run.ts')).run(argv),
  eval: async argv => (await import('./commands/eval.ts')).evaluateCommand(argv),
}

/** @returns the exit status. */
export async function main(argv: string[]): Promise<number> {
  try {
    const [first, ...rest] = argv
    if (first === undefined || first === '--help' || first === '-h') return await help(rest[0] ?? '')
    if (first === '--version') return print(version())
    if (first in commands) return await commands[first](rest)
    checkCommand(first)
    return await commands.run(argv)
  } catch (error) {
    if (!(error instanceof PporunError)) throw error
    process.stderr.write(`pporun: ${error.message}\n`)
    return error.exitStatus
  }
}

/** A bare word that is neither a command nor looks like a script was meant as a command. */
function checkCommand(word: string): void {
  if (word.startsWith('-') || word === 'train' || /[./\\]/.test(word)) return
  const close = nearest(word, [...Object.keys(commands), 'train'])
  throw new UsageError(
    `unknown command '${word}'${close ? `; did you mean ${close}?` : '; see pporun --help'}`,
  )
}

async function help(topic: string): Promise<number> {
  const { helpText } = await import('./help.ts')
  return print(helpText(topic === 'all'))
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return Status.success
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
