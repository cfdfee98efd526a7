import type { Part } from '../../base/math/parts.ts'
import { logProbsOf } from '../../engine/heads/logprob.ts'
import type { Metrics } from '../../log/logger.ts'
import { computeGae } from '../../ppo/gae.ts'
import { normalizerOf, rewardScaleOf } from '../../ppo/normalize.ts'
import { ppo } from '../../ppo/ppo.ts'
import { Rollout } from '../../ppo/rollout.ts'
import type { TrainState } from '../../ppo/state.ts'
import { count, type Traffic } from '../../ppo/strategy.ts'
import { computeVtrace } from '../../ppo/vtrace.ts'
import { stalenessFigures } from '../staleness.ts'
import type { Setting } from '../way.ts'
import { type Experience, experienceBytes, experienceOf, unpackExperience } from './experience.ts'
import { Inbox } from './inbox.ts'
import { packPolicy } from './policymessage.ts'

/** A rank whose experience comes here. */
export interface Actor {
  rank: number
  shards: Part
}

/** What a learner does beside the loop of ppo.ts: it hands out policies, and takes experience in. */
export class Learner {
  readonly #setting: Setting
  readonly #actors: readonly Actor[]
  readonly #inbox: Inbox
  #listening: Promise<unknown> = Promise.resolve()
  #experience: Experience | undefined
  /** Newest last; as many as actors are to lag behind, and one. */
  readonly #policies: Uint8Array[] = []
  #version = 0
  #sent = 0
  /** Of the shards of this update: updates that the policy has made since it sampled them. */
  #staleness: number[] = []

  constructor(setting: Setting, actors: readonly Actor[]) {
    this.#setting = setting
    this.#actors = actors
    this.#inbox = new Inbox(actor => this.#send(actor))
  }

  /** Begins to listen, and gives everybody a policy to begin with. */
  begin(state: TrainState): void {
    const { config, sizes, engine } = this.#setting
    const like = new Rollout(config.numSteps, sizes.envsPerShard, engine.layout.network, 1, state.klCoef > 0)
    const bytes = experienceBytes(experienceOf(like), sizes)
    this.#listening = Promise.all(
      this.#actors.map(({ rank, shards }) =>
        this.#inbox.listen(this.#setting.comm, rank, count(shards), bytes),
      ),
    )
    this.#keep(state, state.update, false)
    for (const { rank } of this.#actors) this.#send(rank)
  }

  /** Fills the rollout with the shards that have come first. */
  async collect(rollout: Rollout, maxStaleness: number): Promise<void> {
    rollout.clear()
    this.#staleness = []
    this.#experience ??= experienceOf(rollout)
    const { sizes, config } = this.#setting
    const least = this.#version - maxStaleness - config.lag
    for (let shard = 0; shard < rollout.observationMoments.length; shard++) {
      const { version, bytes } = await this.#inbox.next(least)
      unpackExperience(bytes, this.#experience, shard, sizes)
      this.#staleness.push(this.#version - version)
    }
    takeEpisodes(this.#experience)
  }

  /** Values and probabilities are the present policy's. */
  async credit(rollout: Rollout, gamma: number, gaeLambda: number): Promise<void> {
    const { engine, config } = this.#setting
    const { numEnvs, values, logProbs } = rollout
    rollout.lastValues.set(
      (await engine.values(this.#experience!.lastObservations, numEnvs)).subarray(0, numEnvs),
    )
    engine.setNormalizer(null) // rows are what the networks saw
    const acted = await engine.act(rollout.observations, values.length, null)
    values.set(acted.values.subarray(0, values.length))
    const targetLogProbs = new Float32Array(values.length)
    logProbsOf(engine.layout.network, acted.distributions, rollout.actions, targetLogProbs)
    if (config.correction === 'vtrace') return computeVtrace({ ...rollout, targetLogProbs }, gamma, gaeLambda)
    logProbs.set(targetLogProbs) // as if this policy had sampled them
    computeGae(rollout, gamma, gaeLambda)
  }

  /** After an update: what actors are answered from now on. */
  publish(state: TrainState): void {
    this.#keep(state, state.update + 1, false)
  }

  /** The loop; then the actors' last policy, and their farewell. */
  readonly train: typeof ppo = async (config, sizes, state, parts) => {
    await ppo(config, sizes, state, parts)
    this.#policies.length = 0
    this.#keep(state, state.update, true)
    for (const { rank } of this.#actors) this.#send(rank)
    await this.#listening
  }

  get waited(): number {
    return this.#inbox.waited
  }

  get traffic(): Traffic {
    return { trajectories: { bytes: this.#inbox.bytes }, weights: { bytes: this.#sent } }
  }

  /** How old what was learnt from was: shards by the updates between. */
  get figures(): Metrics {
    return stalenessFigures(this.#staleness, this.#inbox.dropped)
  }

  #keep(state: TrainState, version: number, isLast: boolean): void {
    const { config, engine } = this.#setting
    this.#version = version
    const [normalizer, rewardScale] = [normalizerOf(config, state), rewardScaleOf(config, state)]
    const { parameters } = state
    this.#policies.push(packPolicy({ version, isLast, parameters, normalizer, rewardScale }, engine.layout))
    if (this.#policies.length > config.lag + 1) this.#policies.shift()
  }

  #send(actor: number): void {
    const [policy] = this.#policies
    this.#sent += policy.length
    void this.#setting.comm.send(policy, actor)
  }
}

function takeEpisodes({ rollout, episodeReturns, episodeLengths }: Experience): void {
  const { terminated, truncated, numEnvs, episodes } = rollout
  for (let row = 0; row < terminated.length; row++)
    if (terminated[row] || truncated[row])
      episodes.push({
        t: Math.floor(row / numEnvs),
        env: row % numEnvs,
        return: episodeReturns[row],
        length: episodeLengths[row],
      })
}
