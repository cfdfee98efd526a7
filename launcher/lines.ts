import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is passed on in parts, so that output without a newline needs no endless memory. */
const LONGEST_LINE = 64 * 1024

/**
 * Cuts a byte stream into whole lines: UTF-8 split between chunks is put together, `\r\n` and `\n` end a
 * line, the rest comes out at the end of the stream.
 */
export function eachLine(stream: NodeJS.ReadableStream, each: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) each(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) each(rest.slice(0, LONGEST_LINE))
  })
  stream.on('end', () => {
    rest += decoder.end()
    if (rest) each(rest)
    rest = ''
  })
}
