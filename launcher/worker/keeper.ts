import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { AGENT } from '../spawn/carrier.ts'

/** Waits for the end of its stdin, which is the worker's end however it came. */
const KEEPER = 'read -r _; exec "$0" "$1" sweep "$2"'

/**
 * Starts what cleans up after this worker should it be killed: unlike an agent below ssh or srun it has no shell of ours
 * above it. A worker that ends by itself ends this too.
 */
export function startKeeper(mark: string): void {
  const words = ['-c', KEEPER, process.execPath, AGENT, mark]
  const keeper = spawn('sh', words, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  keeper.on('error', () => {})
  keeper.unref()
  ;(keeper.stdin as Socket).on('error', () => {}).unref()
}
