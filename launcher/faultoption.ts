import { UsageError } from '../src/base/errors.ts'
import { type Fault, type FaultKind, faultKinds } from '../src/base/fault.ts'
import { nearest } from '../src/base/nearest.ts'
import { Mistake, Problems } from './hosts/problems.ts'

/** `--fault rank=2,update=5,op=1,kind=kill9`: see src/base/fault.ts. */

const keys = ['rank', 'update', 'op', 'kind', 'seconds'] as const
type Key = (typeof keys)[number]

/** How long a delay blocks a rank, unless said. */
const DELAY = 1

/** Throws UsageError with every mistake and its place. */
export function parseFault(spec: string): Fault {
  const problems = new Problems('--fault', [spec])
  const given: Partial<Record<Key, number | FaultKind>> = {}
  let at = 0
  for (const part of spec.split(',')) {
    problems.collect(0, at, () => {
      const { key, value } = readPart(part)
      if (key in given) throw new Mistake(0, `${key} is given twice`)
      given[key] = value
    })
    at += part.length + 1
  }
  for (const key of ['rank', 'kind'])
    if (!RegExp(`(^|,)${key}\\b`).test(spec)) problems.add(0, spec.length, `${key}=... is missing`)
  if ('seconds' in given && given.kind !== 'delay')
    problems.add(0, spec.indexOf('seconds'), 'seconds are for kind=delay')
  problems.throwIfAny()
  const { rank, update = null, op = null, kind, seconds = DELAY } = given
  return { rank, update, op, kind, seconds } as Fault
}

/** The same, if there are such ranks. Throws UsageError. */
export function checkedFaults(faults: Fault[], np: number): Fault[] {
  const beyond = faults.find(({ rank }) => rank >= np)
  if (beyond) throw new UsageError(`--fault rank=${beyond.rank}: ranks are 0 to ${np - 1}`)
  return faults
}

function readPart(part: string): { key: Key; value: number | FaultKind } {
  const [name, value = '', ...more] = part.split('=')
  const key = keys.find(key => key === name)
  if (key === undefined) throw new Mistake(0, `unknown '${name}'${meant(name, keys)}`)
  const at = name.length + 1
  if (value === '' || more.length > 0) throw new Mistake(0, `${key} needs a value: ${key}=...`)
  if (key === 'kind') {
    const kind = faultKinds.find(kind => kind === value)
    if (kind === undefined) throw new Mistake(at, `unknown kind '${value}'${meant(value, faultKinds)}`)
    return { key, value: kind }
  }
  const isNumber = key === 'seconds' ? /^\d+(\.\d+)?$/ : key === 'rank' ? /^\d+$/ : /^[1-9]\d*$/
  if (!isNumber.test(value)) throw new Mistake(at, `${key} takes ${whatItTakes[key]}, got '${value}'`)
  return { key, value: Number(value) }
}

const whatItTakes: Record<Exclude<Key, 'kind'>, string> = {
  rank: 'a rank from 0',
  update: 'a number from 1',
  op: 'a number from 1',
  seconds: 'seconds',
}

function meant(word: string, choices: readonly string[]): string {
  const close = nearest(word, choices)
  return close ? `; did you mean ${close}?` : `: ${choices.join(', ')}`
}
