/** What four ranks are to learn by every way. */

export interface Task {
  /** Of the way, and of what is learnt. */
  name: string
  /** Mean return of the final policy. */
  bar: number
  options: string[]
  /** With these it gives the parameters of one rank. */
  alone?: string[]
}

const pendulum = ['--env', 'Pendulum-v1']

/** Budgets are below the published ones, but for local steps, which need more of them. */
const budgets: [env: string, bar: number, budget: string[]][] = [
  ['CartPole-v1', 475, ['--total-steps', '50000']],
  ['Pendulum-v1', -200, [...pendulum, '--total-steps', '81920', '--batch-size', '128']],
]

export const lockstep: Task[] = budgets.flatMap(([env, bar, alone]) => {
  const exact = (way: string) => ({
    ...{ name: `${way}, ${env}`, bar, alone },
    options: ['--parallelism', way, ...alone],
  })
  return [
    { name: `local, ${env}`, bar, options: ['--parallelism', 'local', '--env', env, '--average-every', '4'] },
    exact('sampler'),
    exact('server'),
    {
      ...{ name: `model, ${env}`, bar },
      options: ['--parallelism', 'model', ...alone, '--model-parallel', '2', '--shards', '2'],
    },
  ]
})

/** With a rate that stays a run ends now a little better, now worse. */
const calm = ['--lr-schedule', 'linear', '--batch-size', '128', '--total-steps', '122880']
/** A worker's part of a minibatch moves its part of the rate. */
const quick = [...calm, '--learning-rate', '2e-3', '--total-steps', '163840']
/** Of a client's few environments many steps: its updates are the better averaged. */
const federated = ['--num-envs', '32', '--batch-size', '512', '--total-steps', '327680']

export const apart: Task[] = Object.entries({
  async: [
    ['--total-steps', '80000'],
    [...calm, '--total-steps', '204800'],
  ],
  'server --async': [[], quick],
  population: [
    ['--total-steps', '50000'],
    ['--spread', '3', ...calm],
  ],
  'federated --secure': [[], federated],
}).flatMap(([way, [cartpole, swing]]) => [
  { name: `${way}, CartPole-v1`, bar: 475, options: ['--parallelism', ...way.split(' '), ...cartpole] },
  {
    ...{ name: `${way}, Pendulum-v1`, bar: -200 },
    options: ['--parallelism', ...way.split(' '), ...pendulum, ...swing],
  },
])
