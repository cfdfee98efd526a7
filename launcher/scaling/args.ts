import { type AllreduceChoice, allreduceChoices } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { type LearningRateRule, type Link, learningRateRules, links } from '../../src/index.ts'
import { flag, mpiStyle, type Option, oneOf, parse, text, whole } from '../args.ts'
import { launchOptions } from '../launchoptions.ts'

/** Launch options that every run is given as they are. */
const passed = [
  ...['hostfile', 'host', 'launcher', 'ssh', 'iface', 'port-range', 'security', 'map-by', 'oversubscribe'],
  ...['transport', 'start-timeout', 'op-timeout', 'wdir', 'x'],
]

const modes = ['strong', 'weak'] as const
export type Mode = (typeof modes)[number]

export const options: Record<string, Option> = {
  np: { type: 'string', value: 'LIST', describe: 'numbers of ranks, separated by commas (1,2)' },
  mode: {
    type: 'string',
    value: 'HOW',
    describe: 'strong: the same learning problem; weak: environments, batch and steps times np (strong)',
  },
  'lr-rule': {
    type: 'string',
    value: 'RULE',
    describe: `weak: the learning rate at np, times ${learningRateRules.join(', ')} (constant)`,
  },
  repeats: {
    type: 'string',
    value: 'R',
    describe: 'rounds, each in the reverse order of the one before (3)',
  },
  allreduce: { type: 'string', value: 'LIST', describe: 'algorithms, separated by commas (auto)' },
  predict: {
    type: 'boolean',
    describe: 'measure what it costs, and print what that predicts beside what was measured',
  },
  simulate: {
    type: 'boolean',
    describe: 'run no job of several ranks: predict, for a cluster that is not there',
  },
  link: {
    type: 'string',
    value: 'NAME',
    describe: `simulate: between hosts: ${Object.keys(links).join(', ')} (10GbE)`,
  },
  'hosts-of': { type: 'string', value: 'N', describe: 'simulate: ranks on each host, with a core each (8)' },
  seed: { type: 'string', value: 'N', describe: 'simulate: of the stragglers (0)' },
  ...Object.fromEntries(passed.map(name => [name, launchOptions[name]])),
  o: { type: 'string', value: 'DIR', describe: 'folder of the experiment (runs/scaling-<date>-<time>)' },
  json: { type: 'boolean', describe: 'print one JSON object and nothing else' },
}

export interface ScalingArgs {
  script: string
  /** The script's own. */
  words: string[]
  /** Launch options of every run. */
  launch: string[]
  np: number[]
  mode: Mode
  rule: LearningRateRule
  repeats: number
  allreduce: AllreduceChoice[]
  predict: boolean
  simulate: boolean
  link: Link
  ranksPerHost: number
  seed: number
  /** Ranks are placed on hosts that the user names: this machine's cores say nothing. */
  elsewhere: boolean
  oversubscribe: boolean
  out: string | null
  json: boolean
}

/** `pporun scaling [options] SCRIPT [options] [-- script options]`. Throws UsageError. */
export function parseScaling(argv: readonly string[]): ScalingArgs {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const own = mpiStyle(argv.slice(0, end), options)
  const given = parse(own, options, false)
  const [script, stray] = (given._ as unknown[]).map(String)
  if (script === undefined) throw new UsageError('no script: pporun scaling train --np 1,2')
  if (stray !== undefined)
    throw new UsageError(`unexpected '${stray}'; the script's own options stand after --`)
  const link = text('--link', given.link) ?? '10GbE'
  return {
    script,
    words: argv.slice(end + 1),
    launch: passed.flatMap(name => spelled(name, given[name])),
    np: numbers('--np', text('--np', given.np) ?? '1,2'),
    mode: oneOf('--mode', given.mode, modes) ?? 'strong',
    rule: oneOf('--lr-rule', given['lr-rule'], learningRateRules) ?? 'constant',
    repeats: whole('--repeats', given.repeats, 1) ?? 3,
    allreduce: (text('--allreduce', given.allreduce) ?? 'auto')
      .split(',')
      .map(word => oneOf('--allreduce', word, allreduceChoices)!),
    predict: flag(given.predict),
    simulate: flag(given.simulate),
    link: links[oneOf('--link', link, Object.keys(links))!],
    ranksPerHost: whole('--hosts-of', given['hosts-of'], 1) ?? 8,
    seed: whole('--seed', given.seed, 0) ?? 0,
    elsewhere: given.hostfile !== undefined || given.host !== undefined,
    oversubscribe: flag(given.oversubscribe),
    out: text('-o', given.o),
    json: flag(given.json),
  }
}

/** An option as it was given, in one word for each value. */
function spelled(name: string, given: unknown): string[] {
  if (given === undefined || given === false) return []
  if (given === true) return [`--${name}`]
  return [given].flat().map(value => `${name.length === 1 ? '-' : '--'}${name}=${String(value)}`)
}

function numbers(option: string, list: string): number[] {
  const all = list.split(',').map(Number)
  if (all.some(value => !Number.isInteger(value) || value < 1))
    throw new UsageError(`${option} takes whole numbers of at least 1, separated by commas; got '${list}'`)
  return [...new Set(all)].sort((a, b) => a - b)
}
