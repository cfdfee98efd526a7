import { text, whole } from '../../args.ts'
import type { Subject } from '../bench.ts'
import { measureOnRanks } from './ranks.ts'

/** CleanRL's for CartPole; our own; many environments with large minibatches. */
const SETTINGS = [
  '--preset cleanrl',
  '--preset CartPole-v1',
  '--preset CartPole-v1 --num-envs 64 --batch-size 2048',
]

/** Training, and where each microsecond of an update goes: sampling, learning, other. */
export const ppo: Subject = {
  describe: 'training, and where each microsecond of an update goes',
  options: {
    np: { type: 'string', describe: 'number of ranks (1)' },
    train: { type: 'string', describe: "one setting of one's own: --train='--env Pendulum-v1'" },
    seconds: { type: 'string', describe: 'of training, for each setting and way (5)' },
  },
  measure: given => {
    const np = whole('-np', given.np, 1) ?? 1
    const seconds = whole('--seconds', given.seconds, 1) ?? 5
    const own = text('--train', given.train)
    return measureOnRanks(['-np', String(np)], 'ppo.ts', [String(seconds), ...(own ? [own] : SETTINGS)])
  },
}
