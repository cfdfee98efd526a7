import { Status, WIRE_VERSION } from '../../src/base/contract.ts'
import type { RankMessage, RankOrder } from '../../src/base/control.ts'
import type { Runs } from '../runs.ts'
import type { Elastic } from './elastic.ts'
import type { AgentLink } from './link.ts'
import type { JobParts, Supervisor } from './supervise.ts'

/** What ranks say over their pipes, and what they are answered. */
export class RankMail {
  readonly #parts: JobParts
  readonly #runs: Runs
  readonly #supervisor: Supervisor
  readonly #elastic: Elastic

  constructor(parts: JobParts, runs: Runs, supervisor: Supervisor, elastic: Elastic) {
    this.#parts = parts
    this.#runs = runs
    this.#supervisor = supervisor
    this.#elastic = elastic
  }

  hear({ clockOffset }: AgentLink, rank: number, message: RankMessage): void {
    if (message.type === 'hello') this.#greeted(rank)
    else if (message.type === 'member') this.#meet(rank, message)
    else if (message.type === 'closed') this.#closed(rank, message.generation)
    else if (message.type === 'strays') this.#runs.dropped(message.strays)
    else if (message.type === 'spans') this.#runs.timeline?.add(rank, message.spans, clockOffset ?? 0)
    else if (message.type === 'claim') this.#claim(rank, message.index, message.resume)
    else if (message.type === 'run') this.#train(message.folder, message.fields)
    else if (message.type === 'status') this.#parts.output.status(message.state)
    else if (message.type === 'timeout' || message.type === 'lost') this.#complain(rank, message)
    else if (message.type === 'join') this.#elastic.isReady(rank)
    else if (message.type === 'recovered') this.#elastic.recovered(message.update, message.seconds)
    else if (message.type === 'failed') {
      this.#parts.ranks.failed(rank, message)
      if (message.kind === 'aborted') this.#parts.output.record(rank, message.text)
    }
  }

  #greeted(rank: number): void {
    const { ranks, output } = this.#parts
    ranks.greeted(rank)
    if (ranks.silent() === undefined) output.step('all ranks run')
  }

  #train(folder: string, fields: Partial<Record<string, unknown>>): void {
    this.#runs.add(folder, fields)
    const { engine, engineChoice, transport, allreduce } = fields
    if (engineChoice) this.#parts.output.advise(`engine ${engineChoice}`)
    if (transport)
      this.#parts.output.step(`training: engine ${engine}, transport ${transport}, allreduce ${allreduce}`)
  }

  #meet(rank: number, { generation, member, wire }: Extract<RankMessage, { type: 'member' }>): void {
    const { ranks, rendezvous, output, verdict } = this.#parts
    if (wire !== WIRE_VERSION)
      verdict.fail(rank, `speaks wire version ${wire}, this launcher ${WIRE_VERSION}`, Status.failure)
    if (!this.#elastic.isCurrent(generation)) return // others take part by now, and it will come to them
    ranks.connected(rank, generation)
    this.#elastic.connects()
    const members = rendezvous.offer(rank, generation, member)
    if (members) {
      output.step('all ranks know each other')
      this.#elastic.met()
      this.#orderAll({ type: 'table', generation, members })
    } else this.#supervisor.checkLeft()
  }

  /** When others take part by now, whoever left first has broken its connections to those that had not heard of it yet. */
  #complain(rank: number, message: Extract<RankMessage, { type: 'timeout' | 'lost' }>): void {
    if (!this.#elastic.isCurrent(message.generation)) return
    if (message.type === 'timeout') void this.#supervisor.timedOut(message.wait)
    else void this.#supervisor.lost(rank, message.what)
  }

  /** Ranks leave a communicator together: until then the last frame of one may still be on its way. */
  #closed(rank: number, generation: number): void {
    if (!this.#elastic.isCurrent(generation)) return
    if (this.#parts.ranks.closed(rank, generation)) this.#orderAll({ type: 'allClosed', generation })
  }

  #claim(rank: number, index: number, resume: string | null): void {
    const { agents, output } = this.#parts
    try {
      const { folder, isNew, result } = this.#runs.claim(index, resume)
      if (isNew) output.logInto(folder)
      agents.tellRank(rank, { type: 'claimed', index, folder, result })
    } catch (error) {
      agents.tellRank(rank, { type: 'claimed', index, refused: (error as Error).message })
    }
  }

  #orderAll(order: RankOrder): void {
    const { agents, ranks } = this.#parts
    for (const rank of ranks.members()) agents.tellRank(rank, order)
  }
}
