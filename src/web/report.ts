import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../base/runfolder.ts'
import { html } from './html.ts'
import { charts, details, document, footer, headline } from './page.ts'
import { loadRuns, type Run } from './run.ts'

/**
 * Writes one self-contained page about these runs: it opens from a file and asks nobody for anything.
 * @param paths folders of runs, or folders that hold some. Throws UsageError where there is none.
 */
export function writeReport(paths: readonly string[], out: string): void {
  writeAtomically(out, reportOf(loadRuns(paths)))
}

/**
 * Puts the page of a run that has ended into its folder, unless somebody has removed that. A page that cannot be
 * written says nothing about the training: returns what to tell, or null.
 */
export function reportOnRun(folder: string): string | null {
  if (!existsSync(folder)) return null
  const out = join(folder, 'report.html')
  try {
    writeReport([folder], out)
    return null
  } catch (error) {
    return `no ${out}: ${(error as Error).message}`
  }
}

export function reportOf(runs: readonly Run[]): string {
  const scripts = [clientScript('hover')]
  return document({
    title: `${runs.map(({ name }) => name).join(', ')}: report`,
    policy: `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${scripts.map(hashOf).join(' ')}`,
    body: html`<header>${headline(runs)}</header><main><h2>Curves</h2>${charts(runs)}${details(runs)}</main>${footer()}`,
    scripts,
  })
}

/** What the browser runs, compiled: a classic script, so that it can stand in the page. */
export function clientScript(name: string): string {
  return readFileSync(new URL(`client/${name}.js`, import.meta.url), 'utf8').replace(
    /\n?\/\/# sourceMappingURL=.*\n?/,
    '\n',
  )
}

/** Lets the browser run exactly this text. */
export const hashOf = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`
