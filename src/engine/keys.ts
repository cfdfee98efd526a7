import { UsageError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { type Encoder, encoderFor, encoderKinds, featuresOf } from './encoder.ts'

/** A key of a Dict observation: where its numbers lie in a row, and what they go through; null: nothing. */
export interface Key {
  name: string
  first: number
  size: number
  encoder: Encoder | Dense | null
}

/** Hidden layers of the key's own, with the network's activation. */
export interface Dense {
  kind: 'mlp'
  hidden: readonly number[]
}

/** What is known of a key's numbers. */
interface Part {
  shape: readonly number[]
  /** What those of a picture are multiplied by. */
  scale: number
}

/**
 * An encoder for each key: as `words` say (`picture=small`, `speed=mlp:64x64`, `goal=none`), else `encoder` for pictures
 * (shapes of two numbers or more) and none for vectors. Null if no key has one: then a row is a vector like any other.
 * @throws UsageError for an unknown key or encoder, or one that does not fit
 */
export function keysFor(
  parts: Readonly<Record<string, Part>>,
  encoder: Encoder['kind'] | 'none',
  words: readonly string[] | null,
): Key[] | null {
  const said = new Map((words ?? []).map(word => readWord(word, Object.keys(parts))))
  let first = 0
  const keys = Object.entries(parts).map(([name, { shape, scale }]): Key => {
    const size = shape.reduce((product, length) => product * length, 1)
    const kind = said.get(name) ?? (shape.length > 1 ? encoder : 'none')
    const key = { name, first, size, encoder: encoderOfKey(kind, shape, scale) }
    first += size
    return key
  })
  return keys.some(({ encoder }) => encoder) ? keys : null
}

/** Numbers that a key's encoder gives. */
export function widthOf({ size, encoder }: Key): number {
  if (!encoder) return size
  return encoder.kind === 'mlp' ? encoder.hidden.at(-1)! : featuresOf(encoder)
}

/** Whether it is a picture, which keeps its numbers where others are normalised. */
export const isPicture = ({ encoder }: Key): boolean => encoder !== null && encoder.kind !== 'mlp'

type Kind = Encoder['kind'] | 'none' | Dense

function readWord(word: string, names: readonly string[]): [name: string, kind: Kind] {
  const fail = (problem: string): never => {
    throw new UsageError(`--key-encoders ${word}: ${problem}`)
  }
  const [name, kind = ''] = word.split('=')
  if (!names.includes(name)) {
    const meant = nearest(name, [...names])
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    fail(
      names.length === 0
        ? 'observations are no Dict'
        : `observations have no key '${name}'${hint || '.'} Known: ${names.join(', ')}`,
    )
  }
  const [, widths] = /^mlp:([1-9]\d*(?:x[1-9]\d*)*)$/.exec(kind) ?? []
  if (widths) return [name, { kind: 'mlp', hidden: widths.split('x').map(Number) }]
  if (kind === 'none' || (encoderKinds as readonly string[]).includes(kind)) return [name, kind as Kind]
  return fail(`an encoder is one of none, ${encoderKinds.join(', ')}, mlp:64, mlp:64x64`)
}

function encoderOfKey(kind: Kind, shape: readonly number[], scale: number): Key['encoder'] {
  if (kind === 'none') return null
  return typeof kind === 'string' ? encoderFor(kind, shape, scale) : kind
}
