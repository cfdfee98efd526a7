import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { comeLast } from '../../src/base/system.ts'
import { watch } from '../../src/index.ts'
import { type Option, parse, text, whole } from '../args.ts'

export const options: Record<string, Option> = {
  port: { type: 'string', describe: 'port of the page (8090, or any that is free)' },
  host: { type: 'string', describe: 'address to listen on (127.0.0.1); others ask for a token' },
}

/** `pporun watch RUN [--port P] [--host ADDRESS]`: serves the page until Ctrl-C. Returns the exit status. */
export async function watchCommand(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv, options, false)
  const [run, stray] = (parsed._ as unknown[]).map(String)
  if (run === undefined)
    throw new UsageError("no run: pporun watch RUN, a run's folder, or runs for the newest")
  if (stray !== undefined) throw new UsageError(`unexpected '${stray}'; pporun watch takes one run`)
  const port = whole('--port', parsed.port, 0)
  const host = text('--host', parsed.host)
  comeLast() // a page may be a moment late, a rank on every core not
  const { url, close } = await watch(run, { ...(port !== null && { port }), ...(host !== null && { host }) })
  process.stdout.write(`${url}\nCtrl-C ends this; the run goes on\n`)
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve())
  })
  close()
  return Status.success
}
