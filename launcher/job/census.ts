import type { RankState } from '../protocol.ts'
import type { Agents } from './agents.ts'
import type { AgentLink } from './link.ts'

/** How long reports about one incident are collected before anybody is asked. */
const COLLECT = 200 // ms
/** How long agents may take to answer. */
const ANSWER = 500 // ms

/** What all ranks of the job are doing, asked of their agents. */
export interface Account {
  states: RankState[]
  /** Hosts that did not answer. */
  silent: AgentLink[]
}

export class Census {
  readonly #agents: Agents
  readonly #answers = new Map<AgentLink, RankState[]>()
  #running: Promise<Account> | null = null
  #answered: () => void = () => {}

  constructor(agents: Agents) {
    this.#agents = agents
  }

  /** Asks a moment later: by then the agent of a rank that has died has said so. */
  async afterIncident(): Promise<Account> {
    await new Promise(resolve => setTimeout(resolve, COLLECT))
    return this.ask()
  }

  /** Asks everybody; who asks while another is asking gets the same account. */
  ask(): Promise<Account> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  answer(link: AgentLink, states: RankState[]): void {
    this.#answers.set(link, states)
    if (this.#missing().length === 0) this.#answered()
  }

  async #ask(): Promise<Account> {
    this.#answers.clear()
    this.#agents.tellAll({ type: 'census' })
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ANSWER)
      this.#answered = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    return { states: [...this.#answers.values()].flat(), silent: this.#missing() }
  }

  #missing(): AgentLink[] {
    return this.#agents.links.filter(link => link.isReady && !link.gone && !this.#answers.has(link))
  }
}
