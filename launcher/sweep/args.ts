import { UsageError } from '../../src/base/errors.ts'
import { flag, mpiStyle, type Option, parse, parseRun, type RunArgs, whole } from '../args.ts'
import { launchOptions } from '../launchoptions.ts'

/** Launch options that mean nothing to a sweep. */
const notHere = ['tag-output', 'timestamp-output', 'verbose', 'quiet', 'check', 'dry-run']

export const options: Record<string, Option> = {
  ...Object.fromEntries(Object.entries(launchOptions).filter(([name]) => !notHere.includes(name))),
  np: { type: 'string', value: 'N', describe: 'ranks that work at the same time (one for each core)' },
  group: { type: 'string', value: 'K', describe: 'ranks that train one member together (1)' },
  seeds: { type: 'string', value: 'N', describe: 'runs of each combination: seeds from --seed on (1)' },
  out: { type: 'string', value: 'DIR', describe: 'folder of the sweep (runs/sweep-<script>-<date>-<time>)' },
  resume: { type: 'string', value: 'auto', describe: 'go on with the sweep in --out' },
  json: { type: 'boolean', describe: 'print one JSON object and nothing else' },
}

/** Options that the sweep keeps to itself; every member is given the others. */
const ownOptions = ['np', 'hostfile', 'host', 'group', 'seeds', 'out', 'resume', 'json']

export interface SweepArgs {
  /** As `run` would take them; np: all ranks, null: not said. */
  run: RunArgs
  /** Training options, each with one or more values. */
  training: string[]
  /** Launch options of every member. */
  launch: string[]
  group: number
  seeds: number
  resume: boolean
  json: boolean
}

/** `pporun sweep [options] SCRIPT [options]`: the sweep's own stand on either side. Throws UsageError. */
export function parseSweep(argv: readonly string[]): SweepArgs {
  const words = mpiStyle(argv, options)
  const [script, ...after] = (parse(words, options, true)._ as unknown[]).map(String)
  if (script === undefined) throw new UsageError('no script: pporun sweep train --learning-rate 1e-4,3e-4')
  const before = words.slice(0, words.length - after.length - 1)
  const sorted = sort(spelled(mpiStyle(after, options)))
  const all = [...spelled(before), ...sorted.launching]
  const given = parse(all, options, true)
  const resume = given.resume === undefined ? null : String(given.resume)
  if (resume !== null && resume !== 'auto')
    throw new UsageError(`--resume takes auto here: what is in --out goes on; got '${resume}'`)
  const names = (own: boolean) => all.filter(word => own === ownOptions.includes(nameOf(word)))
  const forRun = names(true).filter(word => !['group', 'seeds', 'resume', 'json'].includes(nameOf(word)))
  const run = parseRun([...forRun, ...names(false), script])
  if (resume !== null && run.out === null)
    throw new UsageError('--resume auto: name the folder of the sweep with --out')
  return {
    run,
    training: sorted.training,
    launch: names(false),
    group: whole('--group', given.group, 1) ?? 1,
    seeds: whole('--seeds', given.seeds, 1) ?? 1,
    resume: resume !== null,
    json: flag(given.json),
  }
}

const nameOf = (word: string): string => word.replace(/^--?/, '').split('=')[0]

const isOwn = (word: string): boolean => /^--?[a-z]/.test(word) && Object.hasOwn(options, nameOf(word))

/** Every option of ours as one word, `--np=2`. */
function spelled(words: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    const alone = isOwn(word) && !word.includes('=') && options[nameOf(word)].type !== 'boolean'
    joined.push(alone && i + 1 < words.length ? `${word}=${words[++i]}` : word)
  }
  return joined
}

/** What follows the script: options of ours, and the script's. */
function sort(words: readonly string[]): { launching: string[]; training: string[] } {
  return { launching: words.filter(isOwn), training: words.filter(word => !isOwn(word)) }
}
