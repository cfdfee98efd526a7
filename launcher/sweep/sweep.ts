import { existsSync, readFileSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { Status } from '../../src/base/contract.ts'
import { checkFolder, claimFolder, makeFolder, writeAtomically } from '../../src/base/runfolder.ts'
import { gridOf, writeReport } from '../../src/index.ts'
import { findScript } from '../script.ts'
import { onInterrupt } from '../signals.ts'
import { parseSweep, type SweepArgs } from './args.ts'
import { type Member, outcomeOf } from './member.ts'
import { Pool } from './pool.ts'
import { memberLine, type Result, sweepJson, sweepTable } from './show.ts'
import { slotsOf } from './slots.ts'

/** What the sweep's folder keeps of it, for `--resume`. */
const FILE = 'sweep.json'

/**
 * `pporun sweep SCRIPT --learning-rate 1e-4,3e-4 --seeds 3`: every combination a run of its own, as many at a time as
 * there are ranks for. Returns the exit status: of the first member that failed, or 0.
 */
export async function sweep(argv: readonly string[]): Promise<number> {
  const args = parseSweep(argv)
  const script = findScript(args.run.script)
  const grid = gridOf(args.training, args.seeds, args.run.script === 'train')
  const slots = slotsOf(args.run, args.group)
  const folder = claim(args)
  const before = wordsBefore(folder)
  const members = grid.map((member): Member => ({ ...member, folder: join(folder, member.name) }))
  const results = members.map(
    (member): Result => ({ member, outcome: args.resume ? ended(member, before) : null }),
  )
  writeAtomically(join(folder, FILE), `${JSON.stringify({ script, members: grid }, null, 2)}\n`)

  const left = results.filter(({ outcome }) => outcome === null)
  say(`${members.length} runs, ${Math.min(left.length, slots.length)} at a time`)
  if (left.length < members.length) say(`${members.length - left.length} of them have completed before`)
  const pool = new Pool(script, args.launch)
  const stopListening = onInterrupt(pool)
  const goOn = args.resume ? ['--resume=auto'] : []
  const waiting = left.map(({ member }) => ({ ...member, words: [...member.words, ...goOn] }))
  let done = members.length - left.length
  await pool
    .run(waiting, slots, (member, outcome) => {
      results.find(result => result.member.name === member.name)!.outcome = outcome
      say(memberLine(member, outcome, ++done, members.length))
    })
    .finally(stopListening)
  show(folder, results, args.json)
  return (
    pool.stopped ?? results.find(({ outcome }) => outcome?.exitStatus)?.outcome?.exitStatus ?? Status.success
  )
}

/** Throws UsageError if the folder cannot be used. */
function claim({ run, resume }: SweepArgs): string {
  const { script, out } = run
  if (out === null)
    return claimFolder(undefined, 0, `sweep-${basename(script, extname(script))}`, null).folder
  checkFolder(out, !resume)
  makeFolder(out)
  return resolve(out)
}

/** Every member's options when the sweep ran last. */
function wordsBefore(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, FILE)
  if (!existsSync(path)) return new Map()
  const { members } = JSON.parse(readFileSync(path, 'utf8')) as { members: Member[] }
  return new Map(members.map(({ name, words }) => [name, words.join(' ')]))
}

/** What a member has come to that has nothing left to do: completed, with these very options. */
function ended({ name, words, folder }: Member, before: ReadonlyMap<string, string>): Result['outcome'] {
  const outcome = outcomeOf(folder, Status.success, '')
  const isComplete = outcome.paramsHash !== null && outcome.status === 'completed'
  return isComplete && before.get(name) === words.join(' ') ? outcome : null
}

/** Table and page, of the runs that there are. */
function show(folder: string, results: readonly Result[], json: boolean): void {
  const run = results.filter(({ member }) => existsSync(join(member.folder, 'run.json')))
  const report = run.length > 0 ? join(folder, 'report.html') : null
  if (report !== null)
    writeReport(
      run.map(({ member }) => member.folder),
      report,
    )
  if (json) process.stdout.write(`${JSON.stringify(sweepJson(folder, report, results))}\n`)
  else process.stdout.write(`${sweepTable(results)}${report === null ? '' : `report   ${report}\n`}`)
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)
