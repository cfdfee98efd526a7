import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { checkFolder, claimFolder, makeFolder, writeAtomically } from '../../src/base/runfolder.ts'
import {
  noiseOf,
  oneHash,
  readRun,
  rowsOf,
  type Trial,
  trialOf,
  weakWords,
  writeScaling,
} from '../../src/index.ts'
import { findScript } from '../script.ts'
import { parseScaling, type ScalingArgs } from './args.ts'
import { measureParts, type Parts, predictionsFor } from './predicted.ts'
import { busyProcesses, runJob } from './run.ts'
import { headOf, scalingTable } from './show.ts'
import { simulated } from './simulated.ts'

/**
 * `pporun scaling SCRIPT --np 1,2,4`: runs each number of ranks in turn, several rounds, and writes table, JSON, pictures and
 * a page. Returns the exit status.
 */
export async function scaling(argv: readonly string[]): Promise<number> {
  const args = parseScaling(argv)
  findScript(args.script)
  if (args.simulate) {
    await simulated(args)
    return Status.success
  }
  const ranks = ranksOf(args)
  const folder = claim(args)
  const { trials, parts } = await measure(args, ranks, folder)
  const rows = rowsOf(trials)
  const hash = args.mode === 'strong' ? oneHash(trials) : null
  const notes = noiseOf(trials)
  const predictions = args.predict ? await predictionsFor(args, rows, parts) : []
  const table = scalingTable(rows, predictions)
  const head = headOf(args, hash)
  const result = {
    script: args.script,
    mode: args.mode,
    lrRule: args.rule,
    paramsHash: hash,
    rows,
    trials,
    notes,
  }
  writeAtomically(join(folder, 'scaling.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeAtomically(join(folder, 'table.txt'), `${head}\n\n${table}`)
  writeScaling(folder, head, table, rows, trials)
  if (args.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else
    process.stdout.write(
      `${[head, '', table.trimEnd(), ...notes, `report   ${folder}/report.html`].join('\n')}\n`,
    )
  return Status.success
}

/** More ranks than this machine has cores are measured only where that is asked for: they say nothing of more cores. */
function ranksOf({ np, elsewhere, oversubscribe }: ScalingArgs): number[] {
  const cores = availableParallelism()
  const fit = np.filter(n => elsewhere || oversubscribe || n <= cores)
  const left = np.filter(n => !fit.includes(n))
  const why = `more ranks than the ${cores} cores here; --oversubscribe measures them all the same, --simulate predicts`
  if (fit.length === 0) throw new UsageError(`--np ${np.join(',')}: ${why}`)
  if (left.length > 0) say(`np ${left.join(', ')}: ${why}`)
  return fit
}

/** The parts of predictions in every round too, where they are wanted: a machine is not the same a minute later. */
async function measure(
  args: ScalingArgs,
  ranks: readonly number[],
  folder: string,
): Promise<{ trials: Trial[]; parts: Parts[] }> {
  const trials: Trial[] = []
  const parts: Parts[] = []
  const cells = args.allreduce.flatMap(allreduce => ranks.map(np => ({ np, allreduce })))
  for (let round = 0; round < args.repeats; round++) {
    if (args.predict) parts.push(await measureParts(args, ranks))
    for (const { np, allreduce } of round % 2 === 0 ? cells : cells.toReversed()) {
      const out = join(
        folder,
        `np-${np}${args.allreduce.length > 1 ? `-${allreduce}` : ''}-round-${round + 1}`,
      )
      const load = busyProcesses()
      const words = args.mode === 'weak' && np > 1 ? weak(args, trials, np) : []
      const ways = [`--np=${np}`, `--allreduce=${allreduce}`, `--out=${out}`, ...args.launch]
      await runJob([...ways, args.script, ...args.words, ...words])
      const oversubscribed = !args.elsewhere && np > availableParallelism()
      const trial = trialOf(out, { np, round, allreduce, load, oversubscribed })
      trials.push(trial)
      say(
        `round ${round + 1} of ${args.repeats}, np ${np}, ${allreduce}: ${Math.round(trial.sps)} steps/s (load ${load})`,
      )
    }
  }
  return { trials, parts }
}

/** The sizes of the run of one rank, times np. Throws UsageError if there has been none. */
function weak({ rule }: ScalingArgs, trials: readonly Trial[], np: number): string[] {
  const one = trials.find(trial => trial.np === 1)
  if (!one) throw new UsageError('--mode weak multiplies the sizes of one rank: begin --np with 1')
  const { config, shards } = readRun(one.folder)
  return weakWords(config as Parameters<typeof weakWords>[0], Number(shards), np, rule)
}

function claim({ out }: ScalingArgs): string {
  if (out === null) return claimFolder(undefined, 0, 'scaling', null).folder
  checkFolder(out, true)
  makeFolder(out)
  return resolve(out)
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)
