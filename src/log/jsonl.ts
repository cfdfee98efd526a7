import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { writeAtomically } from '../base/runfolder.ts'
import type { FileLogger } from './logger.ts'

/** Appends each update as one line of JSON. */
export function jsonlLogger(path: string): FileLogger {
  const file = openSync(path, 'a')
  return {
    write: metrics => void writeSync(file, `${JSON.stringify(metrics)}\n`),
    close: () => closeSync(file),
  }
}

/** Begins a run's file with the lines of updates 1 .. `last` of another, or of its own: those after it come again. */
export function keepUpdates(source: string, path: string, last: number): void {
  if (!existsSync(source)) return
  const lines = readFileSync(source, 'utf8').split('\n')
  const kept = lines.filter(line => updateOf(line) <= last)
  writeAtomically(path, kept.map(line => `${line}\n`).join(''))
}

/** Of a line that a death has cut off: none. */
function updateOf(line: string): number {
  try {
    return (JSON.parse(line) as { update: number }).update
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
