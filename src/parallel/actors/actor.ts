import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { collect } from '../../ppo/collect.ts'
import type { ppo } from '../../ppo/ppo.ts'
import { Rollout } from '../../ppo/rollout.ts'
import { assertFinite } from '../../ppo/share.ts'
import { Stopwatch } from '../../ppo/stopwatch.ts'
import { count } from '../../ppo/strategy.ts'
import type { Setting } from '../way.ts'
import { type Experience, experienceBytes, experienceOf, packExperience } from './experience.ts'
import { GONE, STAMP } from './inbox.ts'
import { type PolicyMessage, policyBytes, unpackPolicy } from './policymessage.ts'

/** Rollouts that may lie unread with the learner: it would find further ones too old. */
const AHEAD = 2

/**
 * What an actor does: samples and sends, and takes the newest policy that has come by then. It never waits for an update;
 * only where the learner has read neither of its last two rollouts it sees to that first.
 */
export function actor({ comm, engine }: Setting, learner: number): typeof ppo {
  return async (config, sizes, state, { strategy, sampler, phase }) => {
    const { layout } = engine
    const rollout = new Rollout(
      config.numSteps,
      sampler.envs.numEnvs,
      layout.network,
      count(strategy.samples),
      state.klCoef > 0,
    )
    const experience = experienceOf(rollout)
    const mailbox = new Mailbox()
    const listening = mailbox.listen(async () => {
      const message = new Uint8Array(policyBytes(layout))
      await comm.recv(message, learner)
      return unpackPolicy(message, layout)
    })
    await sampler.envs.reset()
    const watch = new Stopwatch()
    phase('sample')
    for (let sent = 0; ; sent++) {
      await eventLoopTurn() // what has come is heard here
      const { version, isLast, parameters, normalizer, rewardScale } = await mailbox.newest(sent - AHEAD)
      if (isLast) break
      engine.setParameters(parameters)
      engine.setNormalizer(normalizer)
      await collect(rollout, sampler, { config, step: state.step, rewardScale, watch })
      assertFinite(rollout.flaw && { ...rollout.flaw, rank: comm.rank }, version)
      state.step += config.numSteps
      complete(experience, sampler.envs.observations, sampler.firstEnv)
      const shards = Array.from({ length: count(strategy.samples) }, (_, k) =>
        packExperience(experience, k, sizes),
      )
      await comm.send(stamped(version, shards), learner)
    }
    const nothing = new Uint8Array(count(strategy.samples) * experienceBytes(experience, sizes))
    await comm.send(stamped(GONE, [nothing]), learner)
    await listening
    const last = await mailbox.newest(0)
    state.parameters.set(last.parameters)
    state.update = last.version
    engine.setParameters(state.parameters)
  }
}

/** Policies as they come: the newest counts. */
class Mailbox {
  #newest: PolicyMessage | null = null
  #answers = -1 // the first one answers nothing
  #failure: unknown = null
  #wake = () => {}

  async listen(receive: () => Promise<PolicyMessage>): Promise<void> {
    try {
      while (!this.#newest?.isLast) {
        this.#newest = await receive()
        this.#answers++
        this.#wake()
      }
    } catch (error) {
      this.#failure = error
      this.#wake()
    }
  }

  /** Once that many answers have come, or the last policy. */
  async newest(answers: number): Promise<PolicyMessage> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (this.#newest && (this.#newest.isLast || this.#answers >= answers)) return this.#newest
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

/** What a rollout does not hold by itself. */
function complete(experience: Experience, observations: Float32Array, firstEnv: number): void {
  const { rollout, episodeReturns, episodeLengths, lastObservations } = experience
  lastObservations.set(observations)
  for (const { t, env, return: total, length } of rollout.episodes) {
    const row = t * rollout.numEnvs + env - firstEnv
    episodeReturns[row] = total
    episodeLengths[row] = length
  }
}

const stamped = (version: number, parts: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([new Uint8Array(Float64Array.of(version).buffer, 0, STAMP), ...parts])
