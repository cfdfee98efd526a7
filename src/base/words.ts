import { UsageError } from './errors.ts'
import { nearest } from './nearest.ts'

/** Looking at a command line before a parser does: names that it does not know make parsers guess, or crash. */

/** What is known of an option: whether a value follows it. */
export type TakesValue = Record<string, boolean>

/**
 * What is wrong with the first option among `words` that is not in `known`, or has a value and takes none; null if
 * nothing is.
 * @param halt stop at the first word that is no option, as where a script's own options follow.
 */
export function wrongOption(words: readonly string[], known: TakesValue, halt: boolean): string | null {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    const isOption = /^--?[^\d.\s-]/.test(word)
    if (!isOption && halt) return null
    if (word === '--') return null
    if (!isOption) continue
    const [name] = word.replace(/^--?/, '').split('=')
    if (!Object.hasOwn(known, name)) return describe(name, Object.keys(known))
    if (!known[name] && word.includes('=')) return `--${name} takes no value`
    if (known[name] && !word.includes('=')) i++
  }
  return null
}

function describe(name: string, known: string[]): string {
  const close = nearest(name, known)
  const dashes = (word: string) => (word.length === 1 ? `-${word}` : `--${word}`)
  return `unknown option ${dashes(name)}${close ? `; did you mean ${dashes(close)}?` : '; see pporun --help all'}`
}

/** Cuts `--ssh 'ssh -F "my file"'` into words: white space separates, quotes hold together. Throws UsageError. */
export function shellWords(option: string, text: string): string[] {
  const word = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g
  const words = text.match(word) ?? []
  if (words.length === 0 || text.replace(word, '').trim() !== '')
    throw new UsageError(`${option} takes a command, got '${text}'`)
  return words.map(part =>
    part.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
      (_, single, double, escaped) => single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped,
    ),
  )
}
