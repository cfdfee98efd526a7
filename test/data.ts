/**
 * Recorded data for tests. Compiled tests run from an output folder at any depth, the data stays in the
 * checkout: look upwards for it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's folder: the nearest one above this file with a package.json. */
export const checkout: string = findCheckout(dirname(fileURLToPath(import.meta.url)))

/** The JSON file at `path` below test/data, taken at its word to be a T. */
export function readData<T>(path: string): T {
  return JSON.parse(readFileSync(join(checkout, 'test', 'data', path), 'utf8')) as T
}

function findCheckout(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('no package.json above the tests')
  return findCheckout(parent)
}
