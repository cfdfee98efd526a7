import { UsageError } from './base/errors.ts'
import { resolveConfig, splitOptions } from './options.ts'
import { sizesOf } from './ppo/sizes.ts'

/** One run of a grid. */
export interface GridMember {
  /** What tells it from the others, fit for a folder: `learning-rate=1e-3_seed=1`. */
  name: string
  /** Its value of every option that varies, as written. */
  varied: Record<string, string>
  /** All its options, as words of a command line. */
  words: string[]
}

/**
 * Every combination of the options' values, the last option varying fastest. Values of an option are separated by
 * commas (`--learning-rate 1e-4,3e-4`); one that takes a list is given several times (`--hidden 64,64 --hidden 256`).
 * Throws UsageError if any member would be refused.
 * @param seeds runs of each combination: seeds from `--seed` (0) on.
 * @param alone the options are all there is: what cannot be divided shows before anything runs.
 */
export function gridOf(words: readonly string[], seeds: number, alone: boolean): GridMember[] {
  const values = splitOptions(words)
  if (seeds > 1) values.set('seed', seedsFrom(values.get('seed') ?? ['0'], seeds))
  const varying = [...values].filter(([, list]) => list.length > 1).map(([option]) => option)
  for (const option of varying) refuseTwice(option, values.get(option)!)
  const members = combinations([...values]).map(pairs => {
    const varied = Object.fromEntries(pairs.filter(([option]) => varying.includes(option)))
    const name = Object.entries(varied).map(([option, value]) => `${option}=${value}`)
    return { name: fileName(name.join('_')) || 'run', varied, words: pairs.flatMap(spelled) }
  })
  for (const member of members) check(member, alone)
  return members
}

function seedsFrom(first: readonly string[], seeds: number): string[] {
  if (first.length > 1)
    throw new UsageError(`--seed ${first.join(',')} and --seeds ${seeds}: one or the other`)
  resolveConfig({}, spelled(['seed', first[0]])) // throws unless it is a number
  return Array.from({ length: seeds }, (_, i) => String(Number(first[0]) + i))
}

function refuseTwice(option: string, values: readonly string[]): void {
  const twice = values.find((value, i) => values.indexOf(value) < i)
  if (twice !== undefined) throw new UsageError(`--${option} has ${twice} twice`)
}

type Pair = [option: string, value: string]

function combinations(values: readonly [string, string[]][]): Pair[][] {
  return values.reduce<Pair[][]>(
    (found, [option, list]) =>
      found.flatMap(pairs => list.map((value): Pair[] => [...pairs, [option, value]])),
    [[]],
  )
}

const spelled = ([option, value]: Pair): string[] => [`--${option}=${value}`]

const fileName = (text: string): string => text.replace(/[^\w.,=+-]/g, '-')

function check({ words }: GridMember, alone: boolean): void {
  const config = resolveConfig({}, words)
  if (alone) sizesOf(config)
}
