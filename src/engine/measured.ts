import { encoderFor } from './encoder.ts'
import { type Layout, layoutOf } from './layout.ts'

/** The networks that engines are measured on. */

const discrete = { distribution: 'categorical', numActions: 2 } as const
const convolutions = { sharedTrunk: true, activation: 'relu' } as const

/** CleanRL's for CartPole, two tanh networks, and a wider one; MinAtar's and Atari's with convolutions. */
export const measured: Record<string, Layout> = {
  mlp64: layoutOf({
    ...{ ...discrete, observationSize: 4, hidden: [64, 64], activation: 'tanh', sharedTrunk: false },
  }),
  mlp256: layoutOf({
    ...{ ...discrete, observationSize: 4, hidden: [256, 256], activation: 'tanh', sharedTrunk: false },
  }),
  small: layoutOf({
    ...{ ...discrete, ...convolutions, observationSize: 400, hidden: [128] },
    encoder: encoderFor('small', [10, 10, 4], 1),
  }),
  nature: layoutOf({
    ...{ ...discrete, ...convolutions, observationSize: 28_224, hidden: [512] },
    encoder: encoderFor('nature', [84, 84, 4], 1),
  }),
}
