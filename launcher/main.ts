import { existsSync, statSync } from 'node:fs'
import { Status } from '../src/base/contract.ts'
import { PporunError, UsageError } from '../src/base/errors.ts'
import { nearest } from '../src/base/nearest.ts'
import { sourceStack } from '../src/base/stack.ts'
import { packageVersion } from '../src/base/version.ts'

/**
 * The command line: `pporun COMMAND ...`, where anything that is no command is `run`'s. Each command's code is
 * loaded when it is asked for.
 */
const commands: Record<string, (argv: string[]) => Promise<number>> = {
  run: async argv => (await import('./run.ts')).run(argv, reportAfterRun),
  worker: async argv => (await import('./worker/worker.ts')).worker(argv, reportAfterRun),
  eval: async argv => (await import('./commands/eval.ts')).evaluateCommand(argv),
  watch: async argv => (await import('./commands/watch.ts')).watchCommand(argv),
  report: async argv => (await import('./commands/report.ts')).reportCommand(argv),
  bench: async argv => (await import('./commands/bench.ts')).bench(argv),
  doctor: async argv => (await import('./doctor/doctor.ts')).doctor(argv),
  sweep: async argv => (await import('./sweep/sweep.ts')).sweep(argv),
  scaling: async argv => (await import('./scaling/scaling.ts')).scaling(argv),
  sbatch: async argv => (await import('./commands/sbatch.ts')).sbatch(argv),
}

/** The path that runs a job knows no page: it is handed this. */
async function reportAfterRun(folder: string): Promise<void> {
  const commands = await import('./commands/report.ts')
  commands.reportAfterRun(folder)
}

/** @returns the exit status. */
export async function main(argv: string[]): Promise<number> {
  try {
    const [first, ...rest] = argv
    if (first === undefined || isHelp(first) || first === 'help') return await help(rest[0])
    if (first === '--version') return print(packageVersion())
    const isCommand = Object.hasOwn(commands, first)
    const words = first === 'bench' ? 2 : 1 // the first of which may be its subject
    if (isCommand && rest.slice(0, words).some(isHelp)) return await help(rest[1], first)
    if (isCommand) return await commands[first](rest)
    if (isHelp(argv[argv.indexOf('train') + 1])) return await help('all')
    checkCommand(first)
    return await commands.run(argv)
  } catch (error) {
    if (!(error instanceof PporunError)) throw traced(error)
    process.stderr.write(`pporun: ${error.message}\n`)
    return error.exitStatus
  }
}

/** A mistake of pporun's own, as Node will print it. */
function traced(error: unknown): unknown {
  if (error instanceof Error) error.stack = sourceStack(error)
  return error
}

/** A bare word that is neither a command nor looks like a script was meant as a command. */
function checkCommand(word: string): void {
  if (word.startsWith('-') || word === 'train' || /[./\\]/.test(word) || isFile(word)) return
  const close = nearest(word, [...Object.keys(commands), 'train'])
  throw new UsageError(
    `unknown command '${word}'${close ? `; did you mean ${close}?` : '; see pporun --help'}`,
  )
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h'

async function help(topic: string | undefined, command = topic): Promise<number> {
  const { commandHelp, helpText } = await import('./help.ts')
  const width = process.stdout.columns ?? 100
  const isCommand = command !== undefined && Object.hasOwn(commands, command)
  return print(isCommand ? await commandHelp(command, width) : helpText(topic === 'all', width))
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return Status.success
}
