import { StringDecoder } from 'node:string_decoder'
import { Pieces } from './pieces.ts'

/** Lines of text out of a stream's pieces, as a person is to see them behind a tag. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8')

  /** @param piece whole lines, or a part of one that is a line of its own then. */
  of(piece: Buffer): string[] {
    const lines = this.#decoder.write(piece).split('\n')
    if (lines.at(-1) === '') lines.pop()
    return lines.map(seen)
  }

  /** What is left of a character that was cut. */
  end(): string[] {
    const rest = this.#decoder.end()
    return rest === '' ? [] : [seen(rest)]
  }
}

/** Of what a progress bar has written over itself, the last. */
function seen(line: string): string {
  const whole = line.replace(/\r+$/, '')
  return whole.slice(whole.lastIndexOf('\r') + 1)
}

/** Calls `each` with every line of a stream, also an unfinished last one. */
export function eachLine(stream: NodeJS.ReadableStream, each: (line: string) => void): void {
  const pieces = new Pieces()
  const lines = new Lines()
  stream.on('data', (chunk: Buffer) => lines.of(pieces.push(chunk)).forEach(each))
  stream.on('end', () => [...lines.of(pieces.rest()), ...lines.end()].forEach(each))
}
