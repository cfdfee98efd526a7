import { Parser } from 'yargs/helpers'
import { UsageError } from './base/errors.ts'
import { nearest } from './base/nearest.ts'
import { wrongOption } from './base/words.ts'
import { baseOf } from './env/registry.ts'
import { checkFields, optionOf, readWord } from './ppo/check.ts'
import { defaultConfig, type Field, type TrainConfig } from './ppo/config.ts'
import { fields } from './ppo/fields.ts'
import { presets } from './ppo/presets.ts'

/** What train() takes: any field of the configuration, a preset by name, and whether the command line counts. */
export interface TrainOptions extends Partial<TrainConfig> {
  preset?: string
  /** false: ignore the script's own options. */
  argv?: boolean
}

/**
 * The complete configuration: defaults, below the preset, below what the script says, below the command line.
 * A preset is taken by --preset, else by the environment's name. Throws UsageError.
 */
export function resolveConfig(options: TrainOptions, words: readonly string[]): TrainConfig {
  const { preset, fields: said } = readRequest(options, words)
  return { ...defaultConfig(), ...presetFor(preset, said.env), ...said }
}

/** The configuration of a run that goes on: its own. Throws UsageError if the script or the command line says otherwise. */
export function resumedConfig(
  kept: TrainConfig,
  options: TrainOptions,
  words: readonly string[],
): TrainConfig {
  const { preset, fields: own } = readRequest(options, words)
  const said = preset === undefined ? own : { ...presetFor(preset, own.env), ...own }
  const names = Object.keys(said) as (keyof TrainConfig)[]
  const asText = (value: unknown) => JSON.stringify(value)
  const other = names.filter(
    name => !mayChange(name, kept, said) && asText(said[name]) !== asText(kept[name]),
  )
  if (other.length === 0) return { ...kept, ...own }
  const list = other.map(name => `${optionOf(name)} ${said[name]} (it has ${kept[name]})`)
  throw new UsageError(`--resume ${own.resume}: the run cannot go on with ${list.join(', ')}`)
}

/** Engines, and ways of using ranks, that give each other's bits may take each other's place. */
const sameBits: Partial<Record<keyof TrainConfig, readonly unknown[]>> = {
  engine: ['auto', 'native', 'wasm'],
  parallelism: ['allreduce', 'sampler', 'server'],
}

function mayChange(name: keyof TrainConfig, kept: TrainConfig, said: Partial<TrainConfig>): boolean {
  const alike = sameBits[name]
  if (alike?.includes(kept[name]) && alike.includes(said[name])) return true
  return fields[name].mayChange === true
}

/** What the script and, above it, the command line say. */
function readRequest(
  { argv = true, preset: ownPreset, ...own }: TrainOptions,
  words: readonly string[],
): { preset: string | undefined; fields: Partial<TrainConfig> } {
  const { preset: wordPreset, ...given } = argv ? readOptions(words) : {}
  const said = { ...own, ...given } as Partial<TrainConfig>
  checkFields(said)
  return { preset: wordPreset ?? ownPreset, fields: said }
}

function presetFor(name: string | undefined, env: string | undefined): Partial<TrainConfig> {
  if (name === undefined) {
    const own = baseOf(env ?? defaultConfig().env)
    return Object.hasOwn(presets, own) ? { ...presets[own], env: env ?? own } : {}
  }
  if (Object.hasOwn(presets, name)) return presets[name]
  const close = nearest(name, Object.keys(presets))
  throw new UsageError(
    `unknown preset '${name}'${close ? `; did you mean ${close}?` : ''} Known: ${Object.keys(presets).join(', ')}`,
  )
}

/**
 * The options of some words, each with all its values as written: `--learning-rate 1e-4,3e-4` has two, and `--hidden`,
 * which takes a list, one each time that it is given. Throws UsageError for what is no training option.
 */
export function splitOptions(given: readonly string[]): Map<string, string[]> {
  const names = optionNames()
  const known = [...names.keys(), 'preset']
  const words = spellFlags(given, names)
  const wrong = wrongOption(words, Object.fromEntries(known.map(option => [option, true])), false)
  if (wrong) throw new UsageError(wrong)
  const values = new Map<string, string[]>()
  for (let i = 0; i < words.length; i++) {
    const [, option, inWord] = /^--([^=]+)(?:=(.*))?$/.exec(words[i]) ?? []
    if (option === undefined) throw new UsageError(`unexpected '${words[i]}' after the script`)
    const value = inWord ?? words[++i] ?? ''
    const { type } = fields[names.get(option)!]?.kind ?? { type: 'text' }
    const takesList = type === 'wholes' || type === 'names'
    const list = takesList ? [value] : value.split(',')
    if (list.includes('')) throw new UsageError(`--${option} needs a value`)
    values.set(option, [...(values.get(option) ?? []), ...list])
  }
  return values
}

const optionNames = (): Map<string, keyof TrainConfig> =>
  new Map(Object.keys(fields).map(name => [optionOf(name).slice(2), name as keyof TrainConfig]))

/** Reads `--learning-rate 1e-3 --hidden 64,64 ...`: unknown options and stray words are errors. */
function readOptions(given: readonly string[]): Partial<TrainConfig> & { preset?: string } {
  const names = optionNames()
  const known = [...names.keys(), 'preset']
  const words = spellFlags(given, names)
  const wrong = wrongOption(words, Object.fromEntries(known.map(option => [option, true])), false)
  if (wrong) throw new UsageError(wrong)
  const parsed: Record<string, unknown> = Parser([...words], {
    string: known,
    configuration: {
      'camel-case-expansion': false,
      'duplicate-arguments-array': false,
      'boolean-negation': false,
    },
  })
  const [stray] = parsed._ as unknown[]
  if (stray !== undefined) throw new UsageError(`unexpected '${stray}' after the script`)
  const config: Record<string, unknown> = {}
  for (const option of known) {
    const word = parsed[option]
    if (word === undefined) continue
    if (typeof word !== 'string' || word === '') throw new UsageError(`--${option} needs a value`)
    const name = names.get(option)
    config[name ?? option] = name ? readWord(name, word) : word
  }
  return config
}

/** A flag alone is `--flag=true`, and `--no-flag` is `--flag=false`; `--flag true|false` stays as it is. */
function spellFlags(words: readonly string[], names: ReadonlyMap<string, keyof TrainConfig>): string[] {
  const isFlag = (option: string) => fields[names.get(option) as keyof TrainConfig]?.kind.type === 'flag'
  return words.map((word, i) => {
    if (word.startsWith('--no-') && isFlag(word.slice(5))) return `--${word.slice(5)}=false`
    const alone = !/^(true|false)$/.test(words[i + 1] ?? '')
    return word.startsWith('--') && isFlag(word.slice(2)) && alone ? `${word}=true` : word
  })
}

/** The training options as lines of help. */
export function optionHelp(all: boolean): string[] {
  const published = Object.keys(presets).filter(name => presets[name].env !== name)
  const line = (option: string, doc: string) => `  ${option.padEnd(26)}${doc}`
  return [
    line('--preset', `settings: an environment's name, or ${published.join(', ')} (its own)`),
    ...Object.entries(fields)
      .filter(([, { common }]) => all || common)
      .map(([name, field]) => line(optionOf(name), `${field.doc} (${shown(field)})`)),
  ]
}

function shown({ default: value, none }: Field): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return Array.isArray(value) ? value.join(',') : String(value ?? none)
}
