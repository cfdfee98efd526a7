import { Status } from '../../src/base/contract.ts'
import type { Wait } from '../../src/base/errors.ts'
import type { Rendezvous } from '../../src/collective/rendezvous.ts'
import type { Output } from '../output/output.ts'
import type { Host } from '../plan.ts'
import type { RankState } from '../protocol.ts'
import { signalGroup } from '../reap.ts'
import { asksToEnd, signalNumber } from '../signals.ts'
import type { Ending } from '../spawn/carrier.ts'
import type { Agents } from './agents.ts'
import type { Census } from './census.ts'
import type { Elastic } from './elastic.ts'
import { describeLate, latest } from './late.ts'
import type { AgentLink } from './link.ts'
import type { RankTable } from './ranktable.ts'
import type { Blame, Verdict } from './verdict.ts'

/** What a job is made of, as those that look after it see it. */
export interface JobParts {
  output: Output
  agents: Agents
  census: Census
  ranks: RankTable
  /** Of those who take part. */
  rendezvous: Rendezvous
  verdict: Verdict
}

/** Looks after a running job: who has died, is late, or is silent, and so is to blame. */
export class Supervisor {
  readonly #parts: JobParts
  readonly #elastic: Elastic
  readonly #warned = new Set<string>()

  constructor(parts: JobParts, elastic: Elastic) {
    this.#parts = parts
    this.#elastic = elastic
  }

  rankEnded(rank: number, code: number | null, signal: string | null): void {
    const { ranks, output, verdict } = this.#parts
    ranks.ended(rank)
    output.ended(rank)
    if (ranks.failure(rank)?.kind === 'preempted') verdict.preempted()
    if (!verdict.cause) this.#judge(rank, code, signal)
    else if (signal && !asksToEnd(signal)) verdict.diedInGrace(rank, howItEnded(code, signal))
    if (ranks.membersEnded() && !this.#elastic.isChanging) this.#allEnded()
  }

  #judge(rank: number, code: number | null, signal: string | null): void {
    const { ranks, output, verdict } = this.#parts
    const failure = ranks.failure(rank)
    if (failure?.kind === 'usage') verdict.misused(rank, failure.text, failure.exitStatus)
    else if (failure?.kind === 'changed') this.#elastic.giveUp(`${verdict.describe(rank)} ${ENDS_OF_CHANGE}`)
    else if (!ranks.takesPart(rank))
      this.#elastic.outsiderEnded(rank, code === 0 ? null : howItEnded(code, signal))
    else if (failure) {
      output.failure(rank, failure.text)
      const blame = verdict.blame(rank, `failed: ${failure.text.split('\n')[0]}`, failure.exitStatus)
      if (failure.kind === 'error') this.#lose([rank], blame)
      else verdict.end(blame)
    } else if (signal || code !== 0) {
      const status = signal ? 128 + signalNumber(signal) : (code ?? Status.failure)
      this.#lose([rank], verdict.blame(rank, howItEnded(code, signal), status))
    } else if (ranks.isConnected(rank))
      this.#lose([rank], verdict.blame(rank, 'ended before the others had finished', Status.failure))
    else this.checkLeft()
  }

  /** A rank that has ended well cannot come to a meeting that others wait in. */
  checkLeft(): void {
    const { rendezvous, ranks, verdict } = this.#parts
    const gone = rendezvous.missing().find(rank => ranks.takesPart(rank) && ranks.hasEnded(rank))
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
    const late = latest(states.filter(({ rank }) => this.#parts.ranks.takesPart(rank)))
    const waited = `kept the others waiting for ${seconds.toFixed(1)} s in ${op} #${sequence}`
    const rank = late?.rank ?? from
    const what = late ? `${waited} (${describeLate(late)})` : waited
    this.#lose(rank === null ? [] : [rank], this.#parts.verdict.blame(rank, what, Status.timeout))
  }

  /** A connection breaks when its peer dies, which its agent tells us in a moment; else it is the network. */
  async lost(rank: number, what: string): Promise<void> {
    if (!(await this.#account())) return
    const { verdict } = this.#parts
    const lost = `lost a connection: ${verdict.describe(rank)} says that ${what}`
    this.#lose([], verdict.blame(null, lost, Status.failure))
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
    const { verdict } = this.#parts
    const what = `has been silent for ${seconds.toFixed(1)} s`
    this.#loseHost(link, verdict.blameHost(link, what, Status.timeout))
    link.kill()
  }

  /** Ranks cannot run there. Of a host that has come later it is its own affair. */
  refused(link: AgentLink, reason: string): void {
    const { ranks, verdict } = this.#parts
    const isLater = !link.host.ranks.some(rank => ranks.takesPart(rank))
    if (isLater) this.#loseHost(link, verdict.blameHost(link, reason, Status.usage))
    else verdict.refused(link, reason)
  }

  broken(link: AgentLink, reason: string): void {
    this.#loseHost(link, this.#parts.verdict.blameHost(link, `cannot go on: ${reason}`, Status.failure))
  }

  /** Hosts that are not listed any more lose their ranks, and these their places there. */
  dismiss(listed: readonly Host[]): void {
    const { agents, verdict } = this.#parts
    for (const link of agents.links) {
      const { name, ranks } = link.host
      if (link.gone || ranks.length === 0 || listed.some(host => host.name === name)) continue
      this.#loseHost(link, verdict.blameHost(link, 'is not in the hostfile any more', Status.failure))
      link.tell({ type: 'leave' })
    }
  }

  agentEnded(link: AgentLink, ending: Ending): void {
    const { ranks, verdict } = this.#parts
    const { host } = link
    if (host.ranks.every(rank => ranks.hasEnded(rank))) return
    // Where processes cannot be marked (macOS).
    if (host.via === 'local') for (const pid of ranks.pids(host.ranks)) signalGroup(pid, 'SIGKILL')
    const said = host.via === 'local' ? [] : ending.lastWords.slice(-1)
    const how = [ending.how, ...said].join(': ')
    const what = `lost its agent on ${host.name} (${how})`
    this.#loseHost(link, verdict.blame(null, what, Status.failure, host.name))
  }

  /** The host, and all that runs there, is out of reach. */
  #loseHost({ host }: AgentLink, blame: Blame): void {
    const { ranks } = this.#parts
    const lost = host.ranks.filter(rank => ranks.takesPart(rank))
    for (const rank of host.ranks) ranks.ended(rank)
    if (lost.length > 0) this.#lose(lost, blame)
    for (const rank of host.ranks) if (!lost.includes(rank)) this.#elastic.outsiderEnded(rank, blame.what)
  }

  /** The job goes on without these ranks, or ends. */
  #lose(lost: readonly number[], blame: Blame): void {
    const { verdict, output } = this.#parts
    if (verdict.cause) return
    if (!this.#elastic.survives(lost, blame)) verdict.end(blame)
    else for (const rank of lost) output.lastWords(rank)
  }

  /** Agents that may get ranks wait for a word. */
  #allEnded(): void {
    this.#elastic.stop()
    if (this.#elastic.isOn) this.#parts.agents.tellAll({ type: 'leave' })
  }

  /** What all ranks do; null if it turns out that one has died or a host is silent. */
  async #account(): Promise<RankState[] | null> {
    const { census, verdict } = this.#parts
    const { epoch } = this.#elastic
    const { states, silent } = await census.afterIncident()
    for (const link of silent) if (!verdict.cause) this.silent(link, link.silentFor)
    const isOld = this.#elastic.isChanging || this.#elastic.epoch !== epoch
    return verdict.cause || isOld ? null : states
  }
}

/** A rank's own loop that has not caught what tells it of others. */
const ENDS_OF_CHANGE =
  'does not survive it: train() does, and a loop of your own that catches GroupChangedError and calls connect() again'

const howItEnded = (code: number | null, signal: string | null): string =>
  signal ? `was killed by ${signal}` : `ended with exit status ${code}`
