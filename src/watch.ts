import { loadPolicy } from './policy/policy.ts'
import { type Watching, watchRun } from './web/watch.ts'

/** Port of the page; another one is taken where this is in use and none was asked for. */
const PORT = 8090

/**
 * Serves a page about a run that follows it while it trains, with its policy at play.
 * @param host address to listen on; other than this machine's own, the page asks for a token.
 * Throws UsageError where there is no run, or the port cannot be had.
 */
export async function watch(run: string, options: { port?: number; host?: string } = {}): Promise<Watching> {
  const { port, host = '127.0.0.1' } = options
  const at = (port: number) => watchRun(run, { port, host, load: loadPolicy })
  if (port !== undefined) return at(port)
  return at(PORT).catch(() => at(0))
}
