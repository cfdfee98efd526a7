import { Limit } from '../../src/base/contract.ts'
import type { HostFacts } from '../facts.ts'
import type { PlannedHost } from '../plan.ts'
import { type FromAgent, readLines, type ToAgent, writeLine } from '../protocol.ts'
import { Silence } from '../silence.ts'
import type { AgentProcess, Ending } from '../spawn/carrier.ts'

const BEAT = 1000 // ms

export interface LinkEvents {
  message(link: AgentLink, message: FromAgent): void
  /** Something on the stderr of the agent, or of ssh or srun, since it is ready. */
  said(link: AgentLink, line: string): void
  /** Nothing has been heard for Limit.silence. */
  silent(link: AgentLink, seconds: number): void
}

/** The launcher's end of one agent. */
export class AgentLink {
  readonly host: PlannedHost
  readonly ended: Promise<Ending>
  /** null: not asked, it is this machine's own. */
  facts: HostFacts | null = null
  isReady = false
  /** The host's clock minus the launcher's, in milliseconds, known to half the round trip of a beat. */
  clockOffset: number | null = null
  gone = false
  readonly #process: AgentProcess
  readonly #events: LinkEvents
  #silence: Silence | null = null
  #beats: NodeJS.Timeout | null = null
  #ready: () => void = () => {}
  #credit = 0

  constructor(host: PlannedHost, process: AgentProcess, events: LinkEvents) {
    this.host = host
    this.#process = process
    this.#events = events
    process.stdin.on('error', () => {}) // an agent that is gone shows in `ended`
    process.stdout.on('error', () => {})
    process.stdout.on('data', () => this.#silence?.heard())
    readLines<FromAgent>(process.stdout, message => this.#hear(message))
    this.ended = process.ended.finally(() => {
      this.gone = true
      this.#stopListening()
    })
  }

  /** Resolves with true when the agent is ready, with how it ended if it never was. */
  async ready(): Promise<true | Ending> {
    return Promise.race([new Promise<true>(resolve => (this.#ready = () => resolve(true))), this.ended])
  }

  tell(order: ToAgent): void {
    writeLine(this.#process.stdin, order)
  }

  /** So many bytes of the ranks' output have gone out; told together with what else is heard in this turn. */
  credit(bytes: number): void {
    if (this.#credit === 0)
      setImmediate(() => {
        const sum = this.#credit
        this.#credit = 0
        if (!this.gone) this.tell({ type: 'credit', bytes: sum })
      })
    this.#credit += bytes
  }

  /** Lets go at once. */
  kill(): void {
    this.#stopListening()
    this.#process.kill()
  }

  /** Seconds since the host was heard, for one that is elsewhere. */
  get silentFor(): number {
    return this.#silence?.seconds ?? 0
  }

  #hear(message: FromAgent): void {
    if (message.type === 'ready') {
      this.facts = message.facts
      this.isReady = true
      this.#process.onStderr(line => this.#events.said(this, line))
      // A pipe between two processes ends when one does; a network may not say so.
      if (this.host.via !== 'local') this.#keepAlive()
      this.#ready()
    } else if (message.type === 'beat') this.clockOffset = message.clock - (message.at + Date.now()) / 2
    else this.#events.message(this, message)
  }

  #keepAlive(): void {
    this.#silence = new Silence(Limit.silence, seconds => this.#events.silent(this, seconds))
    this.#beat()
  }

  #beat(): void {
    this.#beats = setInterval(() => this.tell({ type: 'beat', at: Date.now() }), BEAT)
    this.#beats.unref()
    this.tell({ type: 'beat', at: Date.now() })
  }

  /** This process is about to be suspended: the agent must not take its silence for a cut cable. */
  hold(): void {
    if (this.#beats) clearInterval(this.#beats)
    this.tell({ type: 'hold' })
  }

  /** It has been continued. */
  goOn(): void {
    if (this.#beats) this.#beat()
  }

  #stopListening(): void {
    this.#silence?.stop()
    if (this.#beats) clearInterval(this.#beats)
  }
}
