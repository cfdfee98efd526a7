import { existsSync } from 'node:fs'
import { learningRow, type Row, rateTable, sumTable } from './tables.ts'

/** A command that prints a JSON array of rows. */
export interface Contender {
  command: string[]
  /** Above those of this process. */
  env?: Record<string, string>
  /** What a row that it prints is in the table. */
  row?: (printed: Row) => Row
}

/** What takes turns. */
export interface Subject {
  contenders: Contender[]
  /** On one core, the last; else wherever they are put. */
  pinned: boolean
  /** At the least so many times as fast as a peer: systems by their names. */
  goals: [ours: string, theirs: string, least: number][]
  table: (rows: readonly Row[]) => string
}

const here = 'scripts/benchmark/peers'
const python = (name: string, script: string, ...words: string[]): string[] => [
  `.cache/peers/${name}/bin/python`,
  `${here}/${script}.py`,
  ...words,
]
/** With its memory. */
const measured = (...command: string[]): string[] => ['python3', `${here}/measured.py`, ...command]
const pporun = (...words: string[]): string[] => ['node', 'launcher/pporun.mjs', ...words]

const ours = (engine: string, np = '1'): Contender => ({
  command: measured('python3', `${here}/pporun_ppo.py`, np, engine),
})
const XLA = "PPO jitted by XLA (PureJaxRL's design)"
const xla: Contender = { command: measured(...python('jax', 'jax_ppo')) }
const eager: Contender[] = [
  { command: measured(...python('torch', 'sb3_ppo')) },
  { command: measured(...python('torch', 'torch_ppo', '1')) },
  { command: measured(...python('rllib', 'rllib_ppo')) },
]
const withSetting = (contenders: Contender[], env: Record<string, string>): Contender[] =>
  contenders.map(contender => ({ ...contender, env }))

const SIZES = '4,40000,400000,4000000'

export const subjects: Record<string, Subject> = {
  /** Environments alone. */
  env: {
    pinned: true,
    table: rateTable,
    goals: [['pporun', 'gymnax', 3]],
    contenders: [
      {
        command: pporun(
          ...['bench', 'env', '--json', '--num-envs', '1024'],
          ...['--env', 'CartPole-v1,Pendulum-v1,Acrobot-v1'],
        ),
        row: printed => ({ ...printed, system: 'pporun' }),
      },
      { command: python('jax', 'gymnax_env') },
      { command: python('torch', 'torch_env') },
    ],
  },
  /** One learning step, and one act() on 8 observations, with CleanRL's networks. */
  step: {
    pinned: true,
    table: rateTable,
    goals: [['pporun, native', 'XLA', 1]],
    contenders: [
      {
        command: pporun('bench', 'engine', '--json', '--engines', 'native,wasm', '--rows', '128'),
        row: printed => learningRow({ ...printed, engine: `pporun, ${printed.engine}` }),
      },
      { command: python('jax', 'jax_step'), row: learningRow },
      { command: python('torch', 'torch_step', 'mlp64', '128'), row: learningRow },
    ],
  },
  /** PPO with CleanRL's settings for CartPole, np 1. */
  ppo: {
    pinned: true,
    table: rateTable,
    goals: [
      ['pporun, native', XLA, 1.25],
      ['pporun, wasm', XLA, 0.65],
    ],
    contenders: withSetting([ours('native'), ours('wasm'), xla, ...eager], { PEER_SETTING: 'cleanrl' }),
  },
  /** PPO with PufferLib's sizes for CartPole. */
  puffer: {
    pinned: true,
    table: rateTable,
    goals: [['pporun, native', XLA, 2]],
    contenders: withSetting([ours('native'), ours('wasm'), xla, eager[0], eager[1]], {
      PEER_SETTING: 'puffer',
    }),
  },
  /** Until the last 100 episodes have a mean return of 475: the time from the command. */
  threshold: {
    pinned: true,
    table: rateTable,
    goals: [],
    contenders: withSetting([ours('native'), xla, ...eager.slice(0, 2)], {
      PEER_GOAL: '475',
      PEER_SECONDS: '100',
    }),
  },
  /** Two ranks on two cores, beside PyTorch's DistributedDataParallel over Gloo. */
  np2: {
    pinned: false,
    table: rateTable,
    goals: [],
    contenders: ['cleanrl', 'puffer'].flatMap(setting =>
      withSetting(
        [
          ours('native'),
          ours('native', '2'),
          eager[1],
          { command: measured(...python('torch', 'torch_ppo', '2')) },
        ],
        { PEER_SETTING: setting },
      ),
    ),
  },
  /** Sums of two ranks. */
  allreduce: {
    pinned: false,
    table: sumTable,
    goals: [],
    contenders: [
      { command: pporun('bench', 'allreduce', '-np', '2', '--sizes', SIZES, '--json') },
      { command: python('torch', 'allreduce', '2', SIZES) },
      ...(existsSync('.cache/peers/allreduce')
        ? [
            {
              command: [
                'mpirun',
                '--allow-run-as-root',
                '--bind-to',
                'none',
                '-n',
                '2',
                '.cache/peers/allreduce',
                SIZES,
              ],
            },
          ]
        : []),
    ],
  },
}
