import { appendFileSync } from 'node:fs'
import type { Logger } from './logger.ts'

/** Appends each update as one line of JSON. */
export function jsonlLogger(path: string): Logger {
  return { write: metrics => appendFileSync(path, `${JSON.stringify(metrics)}\n`) }
}
