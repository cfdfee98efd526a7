import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'

/** `file:///…/dist/bundle/chunk-4PSV6O32.js:812:11` in a stack trace. */
const BUNDLED = /(?:file:\/\/)?(\/[^\s()]*\/dist\/bundle\/[\w-]+\.js):(\d+):(\d+)/g

/**
 * A stack trace whose frames in pporun's own bundle name its sources. Read when an error is told of, and not by Node when
 * a process starts: its maps would cost each rank some 15 ms.
 */
export function sourceStack(error: Error): string {
  const trace = error.stack ?? String(error)
  const maps = new Map<string, SourceMap>()
  const mapOf = (file: string) => {
    const map = maps.get(file) ?? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
    maps.set(file, map)
    return map
  }
  return trace.replace(BUNDLED, (frame, file: string, line: string, column: string) => {
    try {
      // Lines and columns of a trace count from 1, those of a map from 0.
      const entry = mapOf(file).findEntry(Number(line) - 1, Number(column) - 1)
      if (!('originalSource' in entry)) return frame
      const source = resolve(dirname(file), entry.originalSource)
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    } catch {
      return frame // a trace as it is says more than an error about it
    }
  })
}
