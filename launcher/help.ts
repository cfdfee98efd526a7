import { optionHelp } from '../src/options.ts'
import { launchOptions } from './args.ts'

/** `pporun --help`: the options that people use; `--help all`: every one. */
export function helpText(all: boolean): string {
  const launch = Object.entries(launchOptions)
    .filter(([, { common }]) => all || common)
    .map(([name, { describe }]) => `  ${flag(name).padEnd(26)}${describe}`)
  return `pporun: PPO on every core you own; the same bits at any -np

  pporun -np N [options] SCRIPT.ts [training options]    start N ranks of SCRIPT (the word train: the shipped trainer)
  pporun eval RUN [--episodes 100] [--seed 0] [--stochastic] [--json]
  pporun watch RUN [--port P] [--host ADDRESS]           the same page live, with the policy at play, in a browser
  pporun report RUN... [-o report.html]                  a page: curves, settings, faults; runs compared
  pporun bench allreduce [-np 2] [--sizes 4,40000] [--json]

Options
${launch.join('\n')}

Training options, after SCRIPT
${optionHelp(all).join('\n')}

Examples
  pporun -np 2 train                                     CartPole-v1 on two cores
  pporun -np 4 --out runs/a train --seed 3               another seed, into a folder of your own
  pporun -np 8 mine.ts --total-steps 1000000             your own script; the option goes over its config
  pporun eval runs/a --json                              100 episodes with the trained policy
${all ? '' : '\nAll options: pporun --help all'}`
}

const flag = (name: string): string =>
  name === 'np' ? '-np N' : name.length === 1 ? `-${name} NAME=VALUE` : `--${name}`
