/** A word of a line, with its offset. White space may stand in it only between quotes: `env.X="a b"`. */
export interface Word {
  text: string
  at: number
  /** White space stood around its `=`; `text` is without it. */
  spaced: boolean
}

const token = /(\s+)|(=)|("[^"]*")|([^\s="]+|")/g

/** The words of a line up to its comment (`#` or `//` at the start of a word). */
export function wordsOf(line: string): Word[] {
  const tokens = [...line.matchAll(token)]
  const words: Word[] = []
  let word: Word | null = null
  for (const [i, { 0: text, 1: space, index }] of tokens.entries()) {
    if (space === undefined) {
      word ??= { text: '', at: index, spaced: false }
      word.text += text
      if (word.text.startsWith('#') || word.text.startsWith('//')) return words
      continue
    }
    if (word === null) continue
    const next = tokens[i + 1]?.[0]
    const valueFollows = word.text.endsWith('=') && next !== undefined && tokens[i + 2]?.[0] !== '='
    if (next === '=' || (valueFollows && !/^(#|\/\/)/.test(next))) {
      word.spaced = true
      continue
    }
    words.push(word)
    word = null
  }
  return word === null ? words : [...words, word]
}
