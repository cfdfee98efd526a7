import type { TrainConfig } from './config.ts'

/**
 * Settings by name. An environment's own name is its default: what `--env` alone picks, tuned to its budget, with
 * at least 8 environments, so that 8 ranks share the work. The others are published settings with their own numbers.
 *
 * Where a source's value loss is a mean square (rl-zoo, Stable-Baselines3), vfCoef here is twice its.
 */
export const presets: Record<string, Partial<TrainConfig>> = {
  // rl-baselines3-zoo hyperparams/ppo.yml.
  'CartPole-v1': {
    env: 'CartPole-v1',
    totalSteps: 100_000,
    numEnvs: 8,
    numSteps: 32,
    batchSize: 256,
    updateEpochs: 20,
    learningRate: 1e-3,
    lrSchedule: 'linear',
    gamma: 0.98,
    gaeLambda: 0.8,
    clipCoef: 0.2,
    clipSchedule: 'linear',
    entCoef: 0,
    vfCoef: 1,
  },
  // rl-zoo's with 8 environments for 4, and without its state-dependent noise.
  'Pendulum-v1': {
    env: 'Pendulum-v1',
    totalSteps: 100_000,
    numEnvs: 8,
    numSteps: 512,
    batchSize: 64,
    updateEpochs: 10,
    learningRate: 1e-3,
    lrSchedule: 'constant',
    gamma: 0.9,
    gaeLambda: 0.95,
    entCoef: 0,
    vfCoef: 1,
  },
  // rl-zoo's.
  'Acrobot-v1': {
    env: 'Acrobot-v1',
    totalSteps: 1_000_000,
    numEnvs: 16,
    numSteps: 256,
    batchSize: 64,
    updateEpochs: 4,
    learningRate: 3e-4,
    lrSchedule: 'constant',
    gaeLambda: 0.94,
    entCoef: 0,
    vfCoef: 1,
    normalizeObservations: true,
    normalizeRewards: true,
  },
  // rl-zoo's.
  'MountainCar-v0': {
    env: 'MountainCar-v0',
    totalSteps: 1_000_000,
    numEnvs: 16,
    numSteps: 16,
    batchSize: 64,
    updateEpochs: 4,
    learningRate: 3e-4,
    lrSchedule: 'constant',
    gaeLambda: 0.98,
    entCoef: 0,
    vfCoef: 1,
    normalizeObservations: true,
    normalizeRewards: true,
  },
  // rl-zoo's discount, lambda, entropy and clip, for 16 environments and without its state-dependent noise.
  'MountainCarContinuous-v0': {
    env: 'MountainCarContinuous-v0',
    totalSteps: 300_000,
    numEnvs: 16,
    numSteps: 64,
    batchSize: 256,
    updateEpochs: 10,
    learningRate: 3e-4,
    lrSchedule: 'constant',
    gamma: 0.9999,
    gaeLambda: 0.9,
    clipCoef: 0.1,
    entCoef: 0.00429,
    vfCoef: 0.5,
    maxGradNorm: 5,
    normalizeObservations: true,
    normalizeRewards: true,
  },
  // CleanRL's ppo.py; it treats a truncated episode as terminated, which is not copied.
  cleanrl: {
    totalSteps: 500_000,
    numEnvs: 4,
    numSteps: 128,
    batchSize: 128,
    updateEpochs: 4,
    learningRate: 2.5e-4,
    lrSchedule: 'linear',
    valueClip: 0.2,
    entCoef: 0.01,
    vfCoef: 0.5,
  },
  // CleanRL's ppo_continuous_action.py.
  'cleanrl-continuous': {
    env: 'Pendulum-v1',
    totalSteps: 1_000_000,
    numEnvs: 1,
    numSteps: 2048,
    batchSize: 64,
    updateEpochs: 10,
    learningRate: 3e-4,
    lrSchedule: 'linear',
    valueClip: 0.2,
    entCoef: 0,
    vfCoef: 0.5,
    normalizeObservations: true,
    normalizeRewards: true,
  },
  // Stable-Baselines3's defaults of PPO.
  sb3: {
    totalSteps: 1_000_000,
    numEnvs: 1,
    numSteps: 2048,
    batchSize: 64,
    updateEpochs: 10,
    learningRate: 3e-4,
    lrSchedule: 'constant',
    entCoef: 0,
    vfCoef: 1,
  },
}
