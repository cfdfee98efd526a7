/** A real browser, driven from the tests: Debian's Chromium. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const executablePath = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim()

/** Why tests with a browser cannot run here; false if they can. */
export const noBrowser: string | false = executablePath ? false : 'no chromium: run scripts/build/webtools.sh'

let browser: Promise<Browser> | undefined

/** A page of a window of its own that keeps what goes wrong in it, and whom it asks for anything. */
export interface Window {
  page: Page
  /** Errors on the console, uncaught errors, failed requests. */
  problems: string[]
  /** Addresses of all requests, the page's own first. */
  requests: string[]
}

export async function openWindow(t: TestContext, options: BrowserContextOptions = {}): Promise<Window> {
  // As root Chromium needs --no-sandbox.
  browser ??= chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  const window: Window = { page, problems: [], requests: [] }
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') window.problems.push(message.text())
  })
  page.on('pageerror', error => window.problems.push(String(error)))
  page.on('request', request => window.requests.push(request.url()))
  return window
}

/** To be called after the last test of a file: an open browser keeps the process alive. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Deque's axe-core, all rules of WCAG 2.2 A and AA and its best practices; fails naming what it found. */
export async function checkAccessibility(page: Page): Promise<void> {
  // Through the debugger: the page's own policy would let no foreign script in.
  await page.evaluate(readFileSync(axe, 'utf8'))
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[]
    passes: unknown[]
  }
  assert.ok(found.passes.length > 10, 'axe-core has looked')
  assert.deepEqual(
    found.violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html} ${nodes[0].failureSummary}`,
    ),
    [],
  )
}
