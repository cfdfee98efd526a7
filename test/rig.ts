import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { checkout } from './data.ts'

/** Starts the real command and looks at what becomes of its processes. */

const BIN = join(checkout, 'launcher', 'pporun.mjs')

export interface Ended {
  status: number | null
  signal: string | null
  stdout: string
  stderr: string
  seconds: number
}

/** A command under test. Every process below it carries its mark in the environment, so that leftovers can be found. */
export class Running {
  readonly mark: string
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.mark = `PPORUN_TEST=${randomUUID()}`
    const [name, value] = this.mark.split('=')
    const start = performance.now()
    this.process = spawn(command, args, {
      cwd: options.cwd ?? tmpdir(),
      env: { ...cleanEnvironment(), ...options.env, [name]: value },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout!.setEncoding('utf8').on('data', text => (this.stdout += text))
    this.process.stderr!.setEncoding('utf8').on('data', text => (this.stderr += text))
    this.ended = new Promise(resolve =>
      this.process.on('close', (status, signal) => {
        const seconds = (performance.now() - start) / 1000
        resolve({ status, signal, stdout: this.stdout, stderr: this.stderr, seconds })
      }),
    )
  }

  /** Processes of this command that live, by what their command line contains. */
  processes(containing = ''): number[] {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => isAlive(pid) && readProc(pid, 'environ').split('\0').includes(this.mark))
      .filter(pid => readProc(pid, 'cmdline').includes(containing))
  }

  /** The pid of a rank, once it runs. */
  async rank(rank: number): Promise<number> {
    const isRank = (pid: number) =>
      readProc(pid, 'environ').split('\0').includes(`PPORUN_RANK=${rank}`) &&
      readProc(pid, 'cmdline').includes('preload')
    return until(`rank ${rank} to run`, () => this.processes().find(isRank))
  }

  /** Waits for text on stdout or stderr. */
  async prints(text: string, seconds = 60): Promise<void> {
    await until(
      `'${text}' in the output`,
      () => (this.stdout + this.stderr).includes(text) || undefined,
      seconds,
    )
  }

  /** Waits until no process is left; fails, naming them, after `seconds`. Returns how long it took. */
  async allGone(seconds: number): Promise<number> {
    const start = performance.now()
    try {
      await until('all processes to be gone', () => this.processes().length === 0 || undefined, seconds)
    } catch {
      const left = this.processes().map(pid => `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`)
      for (const pid of this.processes()) process.kill(pid, 'SIGKILL')
      throw new Error(`left after ${seconds} s:\n${left.join('\n')}`)
    }
    return (performance.now() - start) / 1000
  }
}

/** Starts `pporun` with these arguments. */
export function pporun(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  return new Running(process.execPath, [BIN, ...args], options)
}

/** Runs `pporun` to its end. */
export function run(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return pporun(args, options).ended
}

/** A folder of the test's own, removed after it. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pporun-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a script into the test's folder; `import ... from 'pporun'` in it is the running installation's. */
export function script(folder: string, source: string, name = 'script.ts'): string {
  const path = join(folder, name)
  writeFileSync(path, source)
  return path
}

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T
}

/** The objects of a file of JSON lines. */
export function readLinesOf<T>(...path: string[]): T[] {
  const lines = readFileSync(join(...path), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map(line => JSON.parse(line) as T)
}

/** One that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Asks until there is an answer. */
export async function until<T>(what: string, ask: () => T | undefined, seconds = 60): Promise<T> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const answer = ask()
    if (answer !== undefined) return answer
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`waited ${seconds} s for ${what}`)
}

export function isAlive(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat !== '' && !/\) Z /.test(stat)
}

/** Neither this test's npm nor a job above it may show in what it starts. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = ([name]: [string, unknown]) => !/^(npm_|PPORUN_|NODE_TEST|NODE_OPTIONS)/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(ours))
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
