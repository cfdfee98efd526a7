import { Mistake } from './problems.ts'

/**
 * Slurm's compressed lists: `node[01-03,7],login` is node01 node02 node03 node7 login. Brackets may repeat and,
 * other than in Slurm, a name may go on after them. Zero padding is that of a range's first number.
 */

export const MOST_HOSTS = 65_536

/** The names in the order of the list. Throws Mistake. */
export function expandNodelist(list: string): string[] {
  const names: string[] = []
  for (const { text, at } of splitList(list)) {
    if (text === '') throw new Mistake(at, `a host's name is missing`)
    const parts = [...pieces(text, at)]
    const count = parts.reduce((product, choices) => product * choices.length, 1)
    if (names.length + count > MOST_HOSTS)
      throw new Mistake(at, `bad range '${text}': more than ${MOST_HOSTS} hosts`)
    for (const name of combine(parts)) names.push(name)
  }
  return names
}

/** Cut at the commas outside brackets; `at` is each part's offset. */
export function splitList(list: string): { text: string; at: number }[] {
  const parts: { text: string; at: number }[] = []
  let start = 0
  let depth = 0
  for (let i = 0; i <= list.length; i++) {
    if (list[i] === '[') depth++
    if (list[i] === ']') depth--
    if (i < list.length && (list[i] !== ',' || depth > 0)) continue
    parts.push({ text: list.slice(start, i), at: start })
    start = i + 1
  }
  return parts
}

/** What stands between brackets as its choices, what stands outside as one choice. */
function* pieces(text: string, at: number): Generator<string[]> {
  for (let i = 0; i < text.length; ) {
    if (text[i] !== '[') {
      const open = text.indexOf('[', i)
      const end = open < 0 ? text.length : open
      const stray = text.slice(i, end).indexOf(']')
      if (stray >= 0) throw new Mistake(at + i + stray, `bad range '${text}': ']' without '['`)
      yield [text.slice(i, end)]
      i = end
      continue
    }
    const close = text.indexOf(']', i)
    if (close < 0) throw new Mistake(at + i, `bad range '${text.slice(i)}': no ']' follows`)
    yield choices(text.slice(i + 1, close), at + i + 1)
    i = close + 1
  }
}

/** `01-03,7`: each number, padded. */
function choices(ranges: string, at: number): string[] {
  const found: string[] = []
  let offset = at
  for (const range of ranges.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range)
    if (!match) throw new Mistake(offset, `bad range '${range}': write a number, or two as in 1-3`)
    const [, low, high = low] = match
    const [first, last] = [Number(low), Number(high)]
    if (last < first) throw new Mistake(offset, `bad range '${range}': ${high} is less than ${low}`)
    if (last - first + found.length >= MOST_HOSTS)
      throw new Mistake(offset, `bad range '${range}': more than ${MOST_HOSTS} hosts`)
    for (let n = first; n <= last; n++) found.push(String(n).padStart(low.length, '0'))
    offset += range.length + 1
  }
  return found
}

/** Every way to take one choice of each piece; the last varies fastest. */
function combine(parts: string[][]): string[] {
  return parts.reduce((names, choices) => names.flatMap(name => choices.map(choice => name + choice)), [''])
}
