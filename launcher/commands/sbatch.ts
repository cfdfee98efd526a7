import { existsSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { flag, type Option, parse, text, whole } from '../args.ts'

export const options: Record<string, Option> = {
  nodes: { type: 'string', describe: 'machines (1)' },
  'ntasks-per-node': { type: 'string', describe: 'ranks on each (8)' },
  'cpus-per-task': { type: 'string', describe: 'cores for each rank (1)' },
  'gpus-per-node': { type: 'string', describe: 'GPUs on each; the ranks share them out (none)' },
  time: {
    type: 'string',
    describe: "time limit, as Slurm writes it: 30 (minutes), 4:00:00 (the partition's)",
  },
  partition: { type: 'string', describe: "queue (the cluster's default)" },
  account: { type: 'string', describe: 'who pays (yours)' },
  requeue: {
    type: 'boolean',
    describe: 'back into the queue when preempted or at the time limit, then on from its checkpoint',
  },
  'job-name': { type: 'string', describe: "name of the job (the script's)" },
  out: { type: 'string', describe: 'folder of the run (runs/NAME-JOBID)' },
  o: { type: 'string', describe: 'file to write, - for the console (NAME.sbatch)' },
  force: { type: 'boolean', describe: 'write over that file' },
}

/** Where this installation is, so that the job runs the same one. */
const PPORUN = fileURLToPath(new URL('../../../launcher/pporun.mjs', import.meta.url))

/** `pporun sbatch [--nodes 4] SCRIPT.ts [script options]`: writes a Slurm batch script. Returns the exit status. */
export function sbatch(argv: readonly string[]): number {
  const parsed = parse(argv, options, true)
  const [script, ...scriptArgs] = (parsed._ as unknown[]).map(String)
  if (script === undefined) throw new UsageError('no script: pporun sbatch --nodes 4 train.ts')
  checkScript(script)
  const name = text('--job-name', parsed['job-name']) ?? basename(script, extname(script))
  const batch = batchScript({
    name: word('--job-name', name),
    lines: slurmLines(parsed),
    requeue: flag(parsed.requeue),
    out: text('--out', parsed.out),
    command: [script, ...scriptArgs],
  })
  const file = text('-o', parsed.o) ?? `${name}.sbatch`
  if (file === '-') process.stdout.write(batch)
  else write(file, batch, flag(parsed.force))
  return Status.success
}

/** `run` looks for the script when the job starts: hours later. */
function checkScript(script: string): void {
  const isFile = existsSync(script) && statSync(script).isFile()
  if (script !== 'train' && !isFile)
    throw new UsageError(`script '${script}' does not exist (looked in ${process.cwd()})`)
}

/** The `#SBATCH` lines beside name and log. */
function slurmLines(parsed: Record<string, unknown>): string[] {
  const number = (name: string) => whole(`--${name}`, parsed[name], 1)
  const given = (name: string) => {
    const value = text(`--${name}`, parsed[name])
    return value === null ? null : word(`--${name}`, value)
  }
  const time = given('time')
  if (time !== null && !/^(\d+-)?\d+(:\d+){0,2}$/.test(time))
    throw new UsageError(`--time takes minutes, or hours:minutes:seconds, got '${time}'`)
  const settings = {
    nodes: number('nodes') ?? 1,
    'ntasks-per-node': number('ntasks-per-node') ?? 8,
    'cpus-per-task': number('cpus-per-task') ?? 1,
    'gpus-per-node': number('gpus-per-node'),
    time,
    partition: given('partition'),
    account: given('account'),
  }
  const lines = Object.entries(settings).flatMap(([key, value]) =>
    value === null ? [] : [`#SBATCH --${key}=${value}`],
  )
  return flag(parsed.requeue) ? [...lines, ...REQUEUE] : lines
}

/** The log goes on, too; USR1 comes to the launcher a minute before the limit, or when the job is preempted. */
const REQUEUE = ['#SBATCH --requeue', '#SBATCH --open-mode=append', '#SBATCH --signal=B:USR1@60']

interface Batch {
  name: string
  lines: string[]
  requeue: boolean
  out: string | null
  command: string[]
}

function batchScript({ name, lines, requeue, out, command }: Batch): string {
  const folder = out === null ? `"runs/${name}-$SLURM_JOB_ID"` : quoted(out)
  return `#!/bin/bash
#SBATCH --job-name=${name}
${lines.join('\n')}
#SBATCH --output=%x-%j.log

# One launcher, on the first node: it finds the others in the allocation and starts a rank for each task. Because of
# exec it is the launcher that hears scancel and the time limit.
cd ${quoted(process.cwd())}
exec node ${quoted(PPORUN)} ${requeue ? '--requeue ' : ''}--out ${folder} ${command.map(quoted).join(' ')}
`
}

/** Slurm reads these lines itself, without a shell's quotes. */
function word(option: string, value: string): string {
  if (!/^[\w.,:%@+/-]+$/.test(value))
    throw new UsageError(`${option} takes one word of letters, digits and .,:%@+/-, got '${value}'`)
  return value
}

/** For a shell. */
const quoted = (value: string): string =>
  /^[\w.,:%@+=/-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`

function write(file: string, batch: string, force: boolean): void {
  try {
    writeFileSync(file, batch, { flag: force ? 'w' : 'wx', mode: 0o755 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const there = `-o ${file}: exists; name another, or --force`
    throw new UsageError(code === 'EEXIST' ? there : `-o ${file}: ${message}`)
  }
  process.stdout.write(
    `wrote ${file}; start it with: sbatch ${quoted(file.startsWith('-') ? resolve(file) : file)}\n`,
  )
}
