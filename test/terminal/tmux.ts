/** A real terminal, driven from the tests: tmux with a server of its own. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { checkout } from '../data.ts'
import { until } from '../rig.ts'

/** Why terminal tests cannot run here; false if they can. */
export const noTmux: string | false =
  spawnSync('tmux', ['-V']).status === 0 ? false : 'no tmux: run scripts/build/webtools.sh'

const BIN = join(checkout, 'launcher', 'pporun.mjs')

export class Terminal {
  readonly #name = `pporun-${randomUUID()}`

  /** A shell in a window of this size, until the test's end. */
  constructor(t: TestContext, folder: string, columns: number, rows: number) {
    t.after(() => this.#tmux('kill-server'))
    const size = ['-x', String(columns), '-y', String(rows)]
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', folder, 'env', 'PS1=ready> ', 'sh')
  }

  /** Types a `pporun` command and Enter. */
  pporun(words: string, environment = ''): void {
    this.type(`env ${environment} '${process.execPath}' '${BIN}' ${words}; echo status $?`)
    this.key('Enter')
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text)
  }

  key(name: string): void {
    this.#tmux('send-keys', name)
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** What the window shows; with `all` also what has scrolled away, wrapped lines joined. */
  text(all = false): string {
    return this.#tmux('capture-pane', '-p', ...(all ? ['-S', '-', '-J'] : []))
  }

  /** The same with its escape sequences. */
  colored(): string {
    return this.#tmux('capture-pane', '-p', '-e')
  }

  /** Waits for the window to show something. */
  shows(pattern: RegExp, seconds = 60): Promise<string> {
    const look = () => {
      const text = this.text()
      return pattern.test(text) ? text : undefined
    }
    return until(`${pattern} in the terminal`, look, seconds).catch(error => {
      throw new Error(`${error.message}; it shows\n${this.text()}`)
    })
  }

  #tmux(...words: string[]): string {
    return spawnSync('tmux', ['-L', this.#name, ...words], { encoding: 'utf8' }).stdout
  }
}
