/** Text for terminals: colours as escape sequences, and lines cut to a width. */

export type Color = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan'

const codes: Record<Color, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 }

export type Paint = (color: Color, text: string) => string

export const painted: Paint = (color, text) => `\x1b[${codes[color]}m${text}\x1b[0m`
/** For NO_COLOR. */
export const plain: Paint = (_, text) => text

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is about control characters
const escapes = /(\x1b\[[\d;]*m)/g

/** Columns that a line takes; what we write is one column per character. */
export const widthOf = (line: string): number => line.replace(escapes, '').length

/** The line in at most `width` columns; what does not fit ends in an ellipsis. */
export function clip(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  let left = width - 1
  const kept = line.split(escapes).map(part => {
    if (part.startsWith('\x1b')) return part
    const shown = part.slice(0, left)
    left -= shown.length
    return shown
  })
  return `${kept.join('')}…`
}
