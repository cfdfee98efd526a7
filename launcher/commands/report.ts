import { join } from 'node:path'
import { Status } from '../../src/base/contract.ts'
import { UsageError } from '../../src/base/errors.ts'
import { reportOnRun, writeReport } from '../../src/index.ts'
import { type Option, parse, text } from '../args.ts'

export const options: Record<string, Option> = {
  o: { type: 'string', describe: "the page's file (RUN/report.html; of several runs ./report.html)" },
}

/** `pporun report RUN... [-o report.html]`: one page about some runs. Returns the exit status. */
export async function reportCommand(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv, options, false)
  const runs = (parsed._ as unknown[]).map(String)
  if (runs.length === 0) throw new UsageError('no run: pporun report RUN..., the folders of one run or more')
  const out = text('-o', parsed.o) ?? (runs.length === 1 ? join(runs[0], 'report.html') : 'report.html')
  writeReport(runs, out)
  process.stdout.write(`${out}\n`)
  return Status.success
}

/** Puts the page of a run that has ended into its folder. */
export function reportAfterRun(folder: string): void {
  const problem = reportOnRun(folder)
  if (problem !== null) process.stderr.write(`pporun: ${problem}\n`)
}
