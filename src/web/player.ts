import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Env, makeEnv } from '../env/single.ts'
import { LIVE } from '../log/watched.ts'

/** A policy, as far as playing needs it (policy/policy.ts, on the same floor, is handed in). */
export interface Player {
  env: string
  act(observation: ArrayLike<number>): Promise<number | number[]>
  reset(): void
}

/** One step as the page draws it. */
export interface Frame {
  /** In Gymnasium's order. */
  state: number[]
  /** That led here; 0 at the start of an episode. */
  action: number
  /** Of the episode: number, step, sum of rewards so far. */
  episode: number
  step: number
  return: number
}

/** Some frames in a row. */
export interface Scene {
  env: string
  /** Frames per second at which the environment looks right. */
  rate: number
  /** Environment steps that the policy has been trained for. */
  policySteps: number
  frames: Frame[]
}

/** Why there is nothing to see yet. */
export interface NoScene {
  problem: string
}

/** Gymnasium's own rendering rates; 30 for the others. */
const rates: Record<string, number> = { 'CartPole-v1': 50, 'Acrobot-v1': 15 }

/** Plays one episode after the other with the newest policy of a run, as many steps as are asked for. */
export class Theatre {
  readonly #folder: string
  readonly #load: (path: string) => Player
  #policy: { player: Player; env: Env; steps: number } | null = null
  #observation: Float32Array = new Float32Array(0)
  #frame: Frame = { state: [], action: 0, episode: 0, step: 0, return: 0 }
  #over = true
  #problem = 'Waiting for the first policy'

  constructor(runFolder: string, load: (path: string) => Player) {
    this.#folder = runFolder
    this.#load = load
  }

  /** The next `seconds` of the play; none while there is no policy, or for an environment that only its script knows. */
  async next(seconds: number): Promise<Scene | NoScene> {
    if (this.#over && !this.#begin()) return { problem: this.#problem }
    const { player, steps } = this.#policy!
    const rate = rates[player.env] ?? 30
    const frames: Frame[] = []
    while (frames.length < rate * seconds) {
      frames.push(this.#frame)
      if (this.#over) break
      await this.#step()
    }
    return { env: player.env, rate, policySteps: steps, frames }
  }

  /** A new episode, with the newest policy. */
  #begin(): boolean {
    this.#policy = this.#newest()
    if (!this.#policy) return false
    const { player, env } = this.#policy
    const episode = this.#frame.episode + 1
    player.reset()
    this.#observation = env.reset({ seed: episode }).observation
    this.#frame = { state: [...env.state], action: 0, episode, step: 0, return: 0 }
    this.#over = false
    return true
  }

  async #step(): Promise<void> {
    const { player, env } = this.#policy!
    const action = await player.act(this.#observation)
    const { observation, reward, terminated, truncated } = env.step(action)
    const { episode, step, return: sum } = this.#frame
    this.#observation = observation
    this.#frame = {
      state: [...env.state],
      action: typeof action === 'number' ? action : action[0],
      episode,
      step: step + 1,
      return: sum + reward,
    }
    this.#over = terminated || truncated
  }

  /** The policy of the most steps, among checkpoints and what the run leaves for us; the one at hand if it is that. */
  #newest(): { player: Player; env: Env; steps: number } | null {
    const [best] = [this.#folder, join(this.#folder, LIVE)]
      .map(folder => ({ folder, steps: latestSteps(folder) }))
      .sort((a, b) => b.steps - a.steps)
    if (best.steps < 0 || best.steps === this.#policy?.steps) return this.#policy
    try {
      const player = this.#load(best.folder)
      return { player, env: makeEnv(player.env), steps: best.steps }
    } catch (error) {
      // Replaced while it was read, or an environment of the user's own.
      this.#problem = (error as Error).message
      return this.#policy
    }
  }
}

/** -1: no checkpoint. */
function latestSteps(runFolder: string): number {
  const link = join(runFolder, 'checkpoints', 'latest')
  return existsSync(link) ? Number(readlinkSync(link)) : -1
}
