import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import type { FileLogger } from './logger.ts'

/** Appends each update as one line of JSON. */
export function jsonlLogger(path: string): FileLogger {
  const file = openSync(path, 'a')
  return {
    write: metrics => void writeSync(file, `${JSON.stringify(metrics)}\n`),
    close: () => closeSync(file),
  }
}

/**
 * Begins a run's file with the lines of updates 1 .. `last` of another, or of its own: those after it come again. Looks at
 * the end only: after days the file is large, and ranks that recover wait for this.
 */
export function keepUpdates(source: string, path: string, last: number): void {
  if (!existsSync(source)) return
  const bytes = bytesUpTo(source, last)
  if (source === path) truncateSync(path, bytes)
  else {
    const aside = `${path}.tmp`
    copyFileSync(source, aside)
    truncateSync(aside, bytes)
    renameSync(aside, path)
  }
}

const BLOCK = 1 << 16 // bytes

/** Where the last line of updates 1 .. `last` ends in a file. */
function bytesUpTo(path: string, last: number): number {
  const file = openSync(path, 'r')
  try {
    let tail = Buffer.alloc(0)
    for (let begin = fstatSync(file).size; begin > 0; ) {
      const block = Buffer.alloc(Math.min(BLOCK, begin))
      begin -= block.length
      readSync(file, block, 0, block.length, begin)
      tail = Buffer.concat([block, tail])
      for (let line = lastLine(tail); line.length < tail.length || begin === 0; line = lastLine(tail)) {
        if (updateOf(line.toString()) <= last) return begin + tail.length
        tail = tail.subarray(0, tail.length - line.length)
        if (tail.length === 0) break
      }
    }
    return 0
  } finally {
    closeSync(file)
  }
}

/** With its end. All of it, if there is no other before. */
const lastLine = (text: Buffer): Buffer => text.subarray(text.subarray(0, -1).lastIndexOf(10) + 1)

/** Of a line that a death has cut off: none. */
function updateOf(line: string): number {
  if (!line.endsWith('\n')) return Number.POSITIVE_INFINITY
  try {
    return (JSON.parse(line) as { update: number }).update
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
