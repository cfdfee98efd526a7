/** What is trained and what it must reach. */
export interface Row {
  name: string
  steps: number
  options: readonly string[]
  /** evaluation: 100 episodes with the most probable action; training: the last 100 episodes of training. */
  measure: 'evaluation' | 'training'
  /** Least median over the seeds. */
  bar: number
  /** What others have reached, and where that is written. */
  published: string
}

export const seeds: readonly number[] = [1, 2, 3, 4, 5]

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const own = (env: string, steps: number, bar: number, published: string): Row => ({
  name: `${env}, ${steps / 1000} k`,
  steps,
  options: ['--env', env, '--total-steps', String(steps)],
  measure: 'evaluation',
  bar,
  published,
})

export const rows: readonly Row[] = [
  own('CartPole-v1', 50_000, 490, '500 (Stable-Baselines3, rl-zoo settings, measured by us)'),
  own('CartPole-v1', 100_000, 500, '500 (rl-zoo)'),
  own(
    'Pendulum-v1',
    100_000,
    -200,
    '-172 +- 104 (rl-zoo, gSDE); -174 to -195 (Stable-Baselines3, measured by us)',
  ),
  own('Acrobot-v1', 1_000_000, -80, '-73.5 +- 18.2 (rl-zoo)'),
  own('MountainCar-v0', 1_000_000, -115, '-110.4 +- 19.5 (rl-zoo)'),
  own('MountainCarContinuous-v0', 300_000, 90, '88.3 +- 2.6 at 20 k (rl-zoo, gSDE); 92 at 1 M (gymnax)'),
  {
    name: "CartPole-v1, CleanRL's settings, 500 k",
    steps: 500_000,
    options: ['--preset', 'cleanrl', '--env', 'CartPole-v1', '--total-steps', '500000'],
    measure: 'training',
    bar: 480,
    published: '490 +- 6 (CleanRL); 473 and 499 (CleanRL, measured by us); 487 to 497 (PureJaxRL)',
  },
]
