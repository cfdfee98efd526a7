import { Status } from '../src/base/contract.ts'
import type { Wait } from '../src/base/errors.ts'
import type { Rendezvous } from '../src/collective/rendezvous.ts'
import type { Agents } from './agents.ts'
import type { Census } from './census.ts'
import type { AgentLink } from './link.ts'
import type { Output } from './output/output.ts'
import { markOf, type RankState } from './protocol.ts'
import type { RankTable } from './ranktable.ts'
import { signalGroup, sweep } from './reap.ts'
import { signalNumber } from './signals.ts'
import type { Ending } from './spawn/carrier.ts'
import type { Verdict } from './verdict.ts'
import { describeLate, latest } from './watch.ts'

/** What a job is made of, as those that look after it see it. */
export interface JobParts {
  output: Output
  agents: Agents
  census: Census
  ranks: RankTable
  rendezvous: Rendezvous
  verdict: Verdict
}

/** Looks after a running job: who has died, is late, or is silent, and so is to blame. */
export class Supervisor {
  readonly #parts: JobParts
  readonly #warned = new Set<string>()

  constructor(parts: JobParts) {
    this.#parts = parts
  }

  rankEnded(rank: number, code: number | null, signal: string | null): void {
    const { ranks, output, verdict } = this.#parts
    ranks.ended(rank)
    output.ended(rank)
    const failure = ranks.failure(rank)
    if (failure?.kind === 'preempted') verdict.preempted()
    if (verdict.cause) return
    if (failure?.kind === 'usage') verdict.misused(rank, failure.text, failure.exitStatus)
    else if (failure) {
      output.failure(rank, failure.text)
      verdict.fail(rank, `failed: ${failure.text.split('\n')[0]}`, failure.exitStatus)
    } else if (signal) {
      verdict.fail(rank, `was killed by ${signal}`, 128 + signalNumber(signal))
    } else if (code !== 0) verdict.fail(rank, `ended with exit status ${code}`, code ?? Status.failure)
    else if (ranks.isConnected(rank))
      verdict.fail(rank, 'ended before the others had finished', Status.failure)
    else this.checkLeft()
  }

  /** A rank that has ended well cannot come to a meeting that others wait in. */
  checkLeft(): void {
    const { rendezvous, ranks, verdict } = this.#parts
    const gone = rendezvous.missing().find(rank => ranks.hasEnded(rank))
    if (gone !== undefined)
      verdict.fail(gone, 'ended while the others wait for it in connect()', Status.failure)
  }

  /** After --start-timeout. */
  checkStart(seconds: number): void {
    const { agents, ranks, rendezvous, verdict } = this.#parts
    const host = agents.notReady()
    const silent = ranks.silent()
    const [absent] = rendezvous.missing()
    const limit = `within --start-timeout ${seconds} s`
    if (host) verdict.fail(null, `got no agent on ${host.name} ${limit}`, Status.timeout, host.name)
    else if (silent !== undefined) verdict.fail(silent, `did not start ${limit}`, Status.timeout)
    else if (absent !== undefined)
      verdict.fail(absent, `did not call connect() or train() ${limit}`, Status.timeout)
  }

  /** In a ring everybody blames a neighbour: the agents know who is behind. */
  async timedOut({ op, sequence, seconds, from }: Wait): Promise<void> {
    const states = await this.#account()
    if (!states) return
    const late = latest(states)
    const waited = `kept the others waiting for ${seconds.toFixed(1)} s in ${op} #${sequence}`
    this.#parts.verdict.fail(
      late?.rank ?? from,
      late ? `${waited} (${describeLate(late)})` : waited,
      Status.timeout,
    )
  }

  /** A connection breaks when its peer dies, which its agent tells us in a moment; else it is the network. */
  async lost(rank: number, what: string): Promise<void> {
    if (!(await this.#account())) return
    const { verdict } = this.#parts
    verdict.fail(null, `lost a connection: ${verdict.describe(rank)} says that ${what}`, Status.failure)
  }

  /** Ranks have waited for long in a collective: said once of every rank and collective. */
  async warnOfLate(): Promise<void> {
    const { census, output, verdict } = this.#parts
    const late = latest((await census.ask()).states)
    const key = late && `${late.rank} ${late.progress.sequence}`
    if (!key || this.#warned.has(key) || verdict.cause) return
    this.#warned.add(key)
    output.say(`the other ranks wait for ${describeLate(late)}`)
  }

  silent(link: AgentLink, seconds: number): void {
    this.#parts.verdict.failOn(link, `has been silent for ${seconds.toFixed(1)} s`, Status.timeout)
    link.kill()
  }

  agentEnded({ host }: AgentLink, jobId: string, ending: Ending): void {
    const { ranks, verdict } = this.#parts
    if (host.ranks.every(rank => ranks.hasEnded(rank))) return
    // Elsewhere the shell that started the agent does this.
    if (host.via === 'local') {
      for (const pid of ranks.pids(host.ranks)) signalGroup(pid, 'SIGKILL')
      sweep(markOf(jobId, host.node))
    }
    for (const rank of host.ranks) ranks.ended(rank)
    const said = host.via === 'local' ? [] : ending.lastWords.slice(-1)
    const how = [ending.how, ...said].join(': ')
    verdict.fail(null, `lost its agent on ${host.name} (${how})`, Status.failure, host.name)
  }

  /** What all ranks do; null if it turns out that one has died or a host is silent. */
  async #account(): Promise<RankState[] | null> {
    const { census, verdict } = this.#parts
    const { states, silent } = await census.afterIncident()
    if (silent.length > 0) this.silent(silent[0], silent[0].silentFor)
    return verdict.cause ? null : states
  }
}
