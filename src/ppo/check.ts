import { UsageError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Field, TrainConfig } from './config.ts'
import { fields } from './fields.ts'

/** Refuses what a configuration must not be, in sentences that say how to mend it. */

/** What a field takes: checked alike for a config object and for the command line. */
export type Kind =
  | { type: 'text' }
  | { type: 'flag' }
  | { type: 'whole'; least: number }
  | { type: 'number'; least: number; most?: number }
  | { type: 'choice'; choices: readonly string[] }
  | { type: 'wholes'; least: number }
  | { type: 'names' }

/** The name of a field on the command line. */
export const optionOf = (field: string): string =>
  `--${field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** Throws UsageError for a field that does not exist or a value that it does not take. */
export function checkFields(config: Partial<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(fields, name)) {
      const close = nearest(name, Object.keys(fields))
      throw new UsageError(`unknown configuration field '${name}'${close ? `; did you mean ${close}?` : ''}`)
    }
    const field = fields[name as keyof TrainConfig]
    if (value === null && field.none) continue
    if (!accepts(field.kind, value))
      throw new UsageError(`${optionOf(name)} takes ${describeField(field)}, got '${String(value)}'`)
  }
}

function accepts(kind: Kind, value: unknown): boolean {
  switch (kind.type) {
    case 'text':
      return typeof value === 'string' && value !== ''
    case 'flag':
      return typeof value === 'boolean'
    case 'whole':
      return Number.isSafeInteger(value) && (value as number) >= kind.least
    case 'number':
      return (
        Number.isFinite(value) &&
        (value as number) >= kind.least &&
        (value as number) <= (kind.most ?? Infinity)
      )
    case 'choice':
      return kind.choices.includes(value as string)
    case 'wholes':
      return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= kind.least)
    case 'names':
      return Array.isArray(value) && value.every(item => typeof item === 'string' && item !== '')
  }
}

const describeField = ({ kind, none }: Field): string =>
  none ? `${describeKind(kind)}, or ${none}` : describeKind(kind)

function describeKind(kind: Kind): string {
  switch (kind.type) {
    case 'text':
      return 'a name'
    case 'flag':
      return 'true or false'
    case 'whole':
      return `a whole number of at least ${kind.least}`
    case 'number':
      return kind.most === undefined
        ? `a number of at least ${kind.least}`
        : `a number from ${kind.least} to ${kind.most}`
    case 'choice':
      return `one of ${kind.choices.join(', ')}`
    case 'wholes':
      return 'whole numbers separated by commas, such as 64,64'
    case 'names':
      return 'names separated by commas'
  }
}

/** The field's value out of a word of the command line; what cannot be read is left for checkFields to refuse. */
export function readWord(name: keyof TrainConfig, word: string): unknown {
  const { kind, none } = fields[name]
  const toNumber = (text: string) => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text))
  if (none && word === none) return null
  if (kind.type === 'text' || kind.type === 'choice') return word
  if (kind.type === 'flag') return word === 'true' ? true : word === 'false' ? false : word
  if (kind.type === 'names') return word.split(',')
  return kind.type === 'wholes' ? word.split(',').map(toNumber) : toNumber(word)
}
