import { statSync } from 'node:fs'
import { join } from 'node:path'
import { markWatched, unmarkWatched } from '../log/watched.ts'
import { type Html, html, trusted } from './html.ts'
import { charts, details, document, footer, headline } from './page.ts'
import { type Player, Theatre } from './player.ts'
import { clientScript, hashOf } from './report.ts'
import { loadRuns, type Run, readFields } from './run.ts'
import { type Reader, type Show, WatchServer } from './server.ts'

export interface WatchOptions {
  /** 0: any that is free. */
  port: number
  /** Address to listen on; other than this machine's own, the page asks for a token. */
  host: string
  /** Loads the policy of a run or checkpoint. */
  load: (path: string) => Player
}

/** A watched run. */
export interface Watching {
  /** To open in a browser; with the token, if there is one. */
  url: string
  close(): void
}

/** Milliseconds between looks at the run's files, and between marks that somebody watches. */
const LOOK = 500
const MARK = 3000
/** Seconds of play in one message. */
const SCENE = 1
/** The pages' share of a core at most: making them again waits for this many times as long as the processor took. */
const CALM = 100

/** Serves the page of a run, the newest of those that `path` holds, live while it trains. Throws UsageError. */
export async function watchRun(path: string, options: WatchOptions): Promise<Watching> {
  const run = newest(loadRuns([path]))
  const live = new LivePage(run, new Theatre(run.folder, options.load), options.host)
  const url = await live.server.listen(options.port)
  live.start()
  return { url, close: () => live.close() }
}

function newest(runs: Run[]): Run {
  const age = ({ folder }: Run) => statSync(join(folder, 'run.json')).mtimeMs
  return runs.reduce((best, run) => (age(run) > age(best) ? run : best))
}

/** The sections of the page that change, by their ids. */
type Sections = Record<'headline' | 'charts' | 'details', string>

class LivePage implements Show {
  readonly server: WatchServer
  readonly policy: string
  readonly #run: Run
  readonly #theatre: Theatre
  readonly #scripts = ['hover', 'brush', 'rods', 'hills', 'scenes', 'stage', 'live'].map(clientScript)
  readonly #timers: NodeJS.Timeout[] = []
  #sections: Sections
  #stamp = ''
  #restUntil = 0
  #playing = false

  constructor(run: Run, theatre: Theatre, host: string) {
    this.#run = run
    this.#theatre = theatre
    this.#sections = this.#make()
    this.policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src ${this.#scripts.map(hashOf).join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
    this.server = new WatchServer(host, this)
  }

  /** From now on looks at the run while somebody looks at the page. */
  start(): void {
    const every = (milliseconds: number, what: () => void) =>
      this.#timers.push(setInterval(() => this.server.readers.size > 0 && what(), milliseconds))
    every(LOOK, () => this.#look())
    every(MARK, () => this.#mark())
    every(SCENE * 1000, () => void this.#play())
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.server.close()
    unmarkWatched(this.#run.folder)
  }

  page(): string {
    this.#look()
    const { headline, charts, details } = this.#sections
    return document({
      title: `${this.#run.name}: watch`,
      body: body({ headline, charts, details }),
      scripts: this.#scripts,
    })
  }

  joined(reader: Reader): void {
    this.#mark()
    this.#look()
    reader.send('sections', this.#sections)
    void this.#play()
  }

  #mark(): void {
    if (this.#run.fields.status === 'running') markWatched(this.#run.folder)
  }

  /** Makes the sections again if the run has gone on, and sends what has changed. */
  #look(): void {
    if (performance.now() < this.#restUntil || !this.#changed()) return
    const begin = process.cpuUsage() // the clock would count what ranks on every core keep it waiting
    const before = this.#sections
    this.#sections = this.#make()
    const changed = Object.entries(this.#sections).filter(
      ([name, text]) => before[name as keyof Sections] !== text,
    )
    for (const reader of this.server.readers) reader.send('sections', Object.fromEntries(changed))
    const { user, system } = process.cpuUsage(begin)
    this.#restUntil = performance.now() + (CALM * (user + system)) / 1000
  }

  #changed(): boolean {
    const { folder, history, fields } = this.#run
    const stamp = `${statSync(join(folder, 'run.json'), { throwIfNoEntry: false })?.mtimeMs}`
    const grown = history.read()
    // A launcher that dies writes nothing more.
    if (!grown && stamp === this.#stamp && fields.status !== 'running') return false
    this.#stamp = stamp
    const before = fields.status
    try {
      this.#run.fields = readFields(folder)
    } catch {
      return grown // The folder is being removed.
    }
    return grown || before !== this.#run.fields.status
  }

  #make(): Sections {
    const runs = [this.#run]
    return { headline: headline(runs).text, charts: charts(runs).text, details: details(runs).text }
  }

  /** One scene at a time: a slow policy must not pile them up. */
  async #play(): Promise<void> {
    const watching = [...this.server.readers].filter(({ plays }) => plays)
    if (this.#playing || watching.length === 0) return
    this.#playing = true
    const scene = await this.#theatre.next(SCENE).finally(() => (this.#playing = false))
    for (const reader of watching) reader.send('scene', scene)
  }
}

function body({ headline, charts, details }: Sections): Html {
  const section = (id: string, text: string) => html`<div id="${id}">${trusted(text)}</div>`
  return html`<header>${section('headline', headline)}</header>
<main><section class="stage card" aria-label="The policy at play"><canvas id="canvas" role="img" aria-label="The policy at play"></canvas>
<div class="caption"><p id="words">Waiting for a policy</p><button type="button" id="pause" aria-pressed="false">Pause</button></div></section>
<h2>Curves</h2>${section('charts', charts)}${section('details', details)}</main>${footer()}`
}
