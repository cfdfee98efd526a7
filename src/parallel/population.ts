import { deserialize, serialize } from 'node:v8'
import { exp, log } from '../base/math/elementary.ts'
import type { Communicator } from '../collective/communicator.ts'
import { initialParameters } from '../engine/init.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { TrainConfig } from '../ppo/config.ts'
import { normalizerOf } from '../ppo/normalize.ts'
import { type Member, mean, type TrainState } from '../ppo/state.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { anyAsks, everybody } from './allreduce.ts'
import { bestOf, explored, parentsOf, type Settings } from './breeding.ts'
import type { Setting, Way } from './way.ts'

/** A member that has taken another's place. */
interface Birth extends Settings {
  update: number
  member: number
  parent: number
}

/**
 * Population-based training (Jaderberg et al. 2017, arXiv 1711.09846): every group of ranks trains a member with a seed, a learning
 * rate and an entropy bonus of its own. Every few updates those that do worst go on from a copy of one that does best,
 * with settings a little different. At the end all hold the one that plays best.
 */
export async function population(setting: Setting): Promise<Way> {
  const { config, sizes, comm, engine, score } = setting
  const members = config.members ?? comm.size
  const perMember = comm.size / members
  const own = Math.floor(comm.rank / perMember)
  const group = (await comm.split(own)) as Communicator
  const optimizer = makeOptimizer(engine)
  const live = memberConfig(config, own, members)
  const everyone = new Population(comm, perMember)
  const births: Birth[] = []

  /** Takes the place of a member that another rank has told of. */
  const become = (state: TrainState, { state: other, settings }: Member) => {
    const { parameters, grid, adam, learningRate, klCoef, observationMoments, rewardMoments, recentReturns } =
      other
    state.parameters.set(parameters)
    state.grid.set(grid)
    Object.assign(state, { learningRate, klCoef, observationMoments, rewardMoments, recentReturns })
    optimizer.state = adam
    Object.assign(live, settings)
  }
  const self = (state: TrainState): Member => ({
    state: { ...state, adam: optimizer.state },
    settings: settingsOf(live),
  })

  /** What the last choice is by: the same start states for all, since luck with them shows in the returns of training. */
  const played = (state: TrainState) => {
    engine.setNormalizer(normalizerOf(config, state))
    return score(group)
  }

  const strategy: Strategy = {
    ...everybody(group, sizes.numShards),
    name: 'population',
    isPrivate: true,
    prepare: state => {
      if (state.members) become(state, state.members[own % state.members.length])
      // A script's own network begins with values of the run's seed alone.
      else if (state.update === 0 && !engine.layout.network.own)
        state.parameters.set(initialParameters(engine.layout, live.seed))
      delete state.members
      engine.setParameters(state.parameters)
    },
    stops: asks => anyAsks(comm, asks),
    agree: async state => {
      const update = state.update + 1
      const isLast = update === sizes.numUpdates
      await everyone.tell(isLast ? await played(state) : scoreOf(state), settingsOf(live))
      const { scores } = everyone
      const isDue = config.exploitEvery !== null && update % config.exploitEvery === 0
      const parents = isLast
        ? scores.map(() => bestOf(scores))
        : parentsOf(isDue ? scores : [], config.seed, update)
      everyone.parents = parents
      if (parents.every((parent, member) => parent === member)) return
      const copies = await everyone.exchange(parents, () => self(state))
      if (parents[own] !== own) {
        become(state, copies[parents[own]]!)
        if (!isLast) Object.assign(live, explored(settingsOf(live), config, own, update))
      }
      await everyone.tell(scoreOf(state), settingsOf(live))
      for (const [member, parent] of parents.entries())
        if (parent !== member) births.push({ update, member, parent, ...everyone.settings[member] })
    },
    complete: async state => ({
      ...state,
      members: (await everyone.exchange(null, () => self(state))) as Member[],
    }),
    waited: () => comm.elapsed + group.elapsed,
    figures: () => everyone.figures,
  }
  const record = () => ({ members: everyone.settings, lineage: births })
  return { strategy, engine, optimizer, config: live, record }
}

/** Episodes by which a member is judged: few, since a copy brings its parent's along. */
const JUDGED = 20

const scoreOf = ({ recentReturns }: TrainState): number | null => mean(recentReturns.slice(-JUDGED))

/** What a member has of its own: settings are spread evenly over their orders of magnitude. */
function memberConfig(config: TrainConfig, member: number, members: number): TrainConfig {
  const place = members === 1 ? 0 : (2 * member) / (members - 1) - 1
  const factor = exp(place * log(config.spread))
  return { ...config, seed: config.seed + member, learningRate: config.learningRate * factor }
}

const settingsOf = ({ learningRate, entCoef }: TrainConfig): Settings => ({ learningRate, entCoef })

/** All members, as each of them knows them. */
class Population {
  /** By member. */
  scores: number[] = []
  settings: Settings[] = []
  /** Whom each goes on from after this update: mostly itself. */
  parents: number[] = []
  readonly #comm: Communicator
  readonly #perMember: number

  constructor(comm: Communicator, perMember: number) {
    this.#comm = comm
    this.#perMember = perMember
  }

  async tell(score: number | null, { learningRate, entCoef }: Settings): Promise<void> {
    const rows = await this.#comm.allgather(Float64Array.of(score ?? -Infinity, learningRate, entCoef))
    const first = rows.filter((_, rank) => rank % this.#perMember === 0)
    this.scores = first.map(([score]) => score)
    this.settings = first.map(([, learningRate, entCoef]) => ({ learningRate, entCoef }))
  }

  /** What is asked of each member that is a parent, from its first rank; null: of all. */
  async exchange(parents: readonly number[] | null, self: () => Member): Promise<(Member | null)[]> {
    const own = this.#comm.rank / this.#perMember
    const isAsked =
      Number.isInteger(own) && (parents === null || parents.some((p, m) => p === own && m !== own))
    const blocks = await this.#comm.allgather(isAsked ? new Uint8Array(serialize(self())) : new Uint8Array(0))
    const first = blocks.filter((_, rank) => rank % this.#perMember === 0)
    return first.map(block => (block.length === 0 ? null : (deserialize(block) as Member)))
  }

  get figures(): Record<string, number | null> {
    const finite = (score: number) => (Number.isFinite(score) ? score : null)
    const figures: Record<string, number | null> = {
      'charts/episodic_return': finite(Math.max(...this.scores)),
    }
    for (const [member, { learningRate }] of this.settings.entries()) {
      figures[`member/${member}/return`] = finite(this.scores[member])
      figures[`member/${member}/learning_rate`] = learningRate
      figures[`member/${member}/parent`] = this.parents[member] ?? member
    }
    return figures
  }
}

/** What cannot be, as a sentence; null: it can. */
export function populationProblem({ members }: TrainConfig, size: number): string | null {
  if (size < 2) return 'needs two members: use -np 2 or more'
  if (members !== null && size % members !== 0)
    return `--members ${members} does not divide ${size} ranks; use -np ${members * Math.ceil(size / members)}`
  return null
}
