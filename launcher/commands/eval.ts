import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { evaluate } from '../../src/index.ts'
import { flag, type Option, parse, whole } from '../args.ts'

export const options: Record<string, Option> = {
  episodes: { type: 'string', describe: 'episodes to play (100)' },
  seed: { type: 'string', describe: 'of the start states (0)' },
  env: { type: 'string', value: 'ID', describe: 'play here (where it was trained)' },
  stochastic: { type: 'boolean', describe: 'sample actions instead of taking the most probable' },
  json: { type: 'boolean', describe: 'print one JSON object and nothing else' },
}

/** `pporun eval RUN|CHECKPOINT`: plays episodes with a trained policy. Returns the exit status. */
export async function evaluateCommand(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv, options, false)
  const [run, stray] = (parsed._ as unknown[]).map(String)
  if (run === undefined)
    throw new UsageError("no run: pporun eval RUN, a run's folder or one of its checkpoints/<steps>")
  if (stray !== undefined) throw new UsageError(`unexpected '${stray}'; pporun eval takes one run`)
  const result = await evaluate(run, {
    episodes: whole('--episodes', parsed.episodes, 1) ?? 100,
    seed: whole('--seed', parsed.seed, 0) ?? 0,
    stochastic: flag(parsed.stochastic),
    ...(parsed.env !== undefined && { env: String(parsed.env) }),
  })
  if (flag(parsed.json)) process.stdout.write(`${JSON.stringify(result)}\n`)
  else
    process.stdout.write(
      `return ${result.meanReturn.toFixed(1)} +- ${result.stdReturn.toFixed(1)} over ${result.episodes} episodes ` +
        `(${result.minReturn} to ${result.maxReturn}), mean length ${result.meanLength.toFixed(1)}\n`,
    )
  return Status.success
}
