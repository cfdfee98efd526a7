import { optionHelp } from '../src/options.ts'
import type { Option } from './args.ts'
import { launchOptions } from './launchoptions.ts'

/** What `--help` says of each command. */
interface Command {
  usage: string
  describe: string
  options: () => Promise<Record<string, Option>>
  /** What the word after the command may be, each with options of its own. */
  topics?: () => Promise<
    [name: string, topic: Pick<Command, 'describe'> & { options: Record<string, Option> }][]
  >
  example: string
}

const run: Command = {
  usage: 'pporun -np N [options] SCRIPT.ts [training options]',
  describe: 'start N ranks of SCRIPT (the word train: the shipped trainer)',
  options: async () => launchOptions,
  example: 'pporun -np 8 --hostfile hosts --dry-run train   prints which rank would run where',
}

const commands: Record<string, Command> = {
  run,
  worker: {
    usage: 'pporun worker [options] SCRIPT.ts [training options]',
    describe: 'one rank, started by srun, mpirun, torchrun or Kubernetes',
    options: async () => launchOptions,
    example: 'srun -n 8 pporun worker --out runs/a train.ts',
  },
  eval: {
    usage: 'pporun eval RUN|CHECKPOINT [options]',
    describe: 'play episodes with a trained policy',
    options: async () => (await import('./commands/eval.ts')).options,
    example: 'pporun eval runs/a --episodes 20 --json',
  },
  watch: {
    usage: 'pporun watch RUN [options]',
    describe: 'the page of a run, live, with the policy at play, in a browser',
    options: async () => (await import('./commands/watch.ts')).options,
    example: 'pporun watch runs/a',
  },
  report: {
    usage: 'pporun report RUN... [options]',
    describe: 'one page: curves, settings, faults; runs compared',
    options: async () => (await import('./commands/report.ts')).options,
    example: 'pporun report runs/a runs/b -o compared.html',
  },
  bench: {
    usage: 'pporun bench allreduce|engine|env|ppo [options]',
    describe: 'measure on this machine',
    options: async () => ({ json: (await import('./commands/bench.ts')).json }),
    topics: async () => {
      const { subjects } = await import('./commands/bench.ts')
      return Promise.all(Object.entries(subjects).map(async ([name, subject]) => [name, await subject()]))
    },
    example: 'pporun bench allreduce -np 4 --sizes 4,40000',
  },
  scaling: {
    usage: 'pporun scaling SCRIPT.ts --np 1,2,4 [options] [-- training options]',
    describe:
      'run each number of ranks in turn: speed-up, efficiency, where the time goes; --simulate: clusters you do not have',
    options: async () => (await import('./scaling/args.ts')).options,
    example: 'pporun scaling train --np 1,2 -o runs/scaling -- --total-steps 50000',
  },
  doctor: {
    usage: 'pporun doctor [--hostfile FILE | -H LIST | --install ENGINE] [options]',
    describe: 'check this machine, or all hosts and the links between them, and say how to mend them',
    options: async () => (await import('./doctor/doctor.ts')).options,
    example: 'pporun doctor --hostfile hosts',
  },
  sweep: {
    usage: 'pporun sweep [options] SCRIPT.ts --learning-rate 1e-4,3e-4 [--seeds 3]',
    describe: 'a grid of runs, as many at a time as there are ranks: table, report',
    options: async () => (await import('./sweep/args.ts')).options,
    example: 'pporun sweep -np 4 --out runs/s train --learning-rate 1e-4,3e-4,1e-3 --seeds 3',
  },
  sbatch: {
    usage: 'pporun sbatch [options] SCRIPT.ts [training options]',
    describe: 'write a Slurm batch script',
    options: async () => (await import('./commands/sbatch.ts')).options,
    example: 'pporun sbatch --nodes 4 --time 4:00:00 train.ts',
  },
}

/** `pporun --help`: the ten options that people use; `--help all`: every one. */
export function helpText(all: boolean, width: number): string {
  const launch = Object.entries(launchOptions).filter(([, { common }]) => all || common)
  const usages = Object.values(commands).flatMap(({ usage, describe }) => [`  ${usage}`, `      ${describe}`])
  const lines = [
    'pporun: PPO on every core you own; the same bits at any -np',
    '',
    ...usages,
    '',
    'Options, before SCRIPT',
    ...optionLines(launch),
    '',
    'Training options, after SCRIPT',
    ...optionHelp(all),
    '',
    'Examples',
    '  pporun -np 2 train',
    '      CartPole-v1 on two cores',
    '  pporun -np 4 --out runs/a train --seed 3',
    '      another seed, into a folder of your own',
    '  pporun -np 8 mine.ts --total-steps 1000000',
    '      your own script; the option goes over its config',
    '  pporun --hostfile hosts --dry-run train',
    '      which rank would run where',
    ...(all ? [] : ['', 'All options: pporun --help all; of a command: pporun COMMAND --help']),
  ]
  return lines.flatMap(line => wrapped(line, width)).join('\n')
}

/** `pporun COMMAND --help`. */
export async function commandHelp(name: string, width: number): Promise<string> {
  const { usage, describe, options, topics, example } = commands[name]
  const sections = ((await topics?.()) ?? []).flatMap(([topic, { describe, options }]) => [
    `${topic}: ${describe}`,
    ...optionLines(Object.entries(options)),
    '',
  ])
  const lines = [
    `${usage}`,
    `    ${describe}`,
    '',
    ...sections,
    'Options',
    ...optionLines(Object.entries(await options())),
    '',
    'Example',
    `  ${example}`,
  ]
  return lines.flatMap(line => wrapped(line, width)).join('\n')
}

/** Where descriptions begin. */
const COLUMN = 28

const optionLines = (options: [name: string, option: Option][]): string[] =>
  options.map(([name, { describe, value }]) => {
    const dashes = name === 'np' ? '-np' : name.length === 1 ? `-${name}` : `--${name}`
    return `  ${`${dashes}${value ? ` ${value}` : ''}`.padEnd(COLUMN - 3)} ${describe}`
  })

/** Breaks a line between words; a description goes on below its beginning, or below its option on a narrow console. */
function wrapped(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const isOption = /^ {2}-\S.* {2,}\S/.test(line)
  const narrow = width < 60
  if (isOption && narrow)
    return [line.slice(0, COLUMN).trimEnd(), ...fill(line.slice(COLUMN).trim(), width, 6)]
  if (!isOption) return fill(line.trim(), width, /^ */.exec(line)![0].length)
  const [first, ...rest] = fill(line.slice(COLUMN), width, COLUMN)
  return [line.slice(0, COLUMN) + first.trimStart(), ...rest]
}

function fill(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(' '.repeat(indent) + word)
  }
  return lines
}
