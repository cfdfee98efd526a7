import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { PhaseName } from '../base/progress.ts'
import type { Engine } from '../engine/engine.ts'
import type { VectorEnv } from '../env/vectorenv.ts'
import type { Logger } from '../log/logger.ts'
import { collect, type Sampler } from './collect.ts'
import type { TrainConfig } from './config.ts'
import { ExactSum } from './exactsum.ts'
import { computeGae } from './gae.ts'
import { maybeAssertInStep } from './instep.ts'
import { Meter } from './meter.ts'
import { minibatches } from './minibatch.ts'
import { Rollout } from './rollout.ts'
import { scheduled } from './schedules.ts'
import { share } from './share.ts'
import type { Sizes } from './sizes.ts'
import { countEpisodes, type TrainState } from './state.ts'
import type { Strategy } from './strategy.ts'

/** The parts that the algorithm is handed. It knows them by their interfaces. */
export interface Parts {
  strategy: Strategy
  engine: Engine
  /** Hash of the engine's layout: ranks with another network must not be summed. */
  layoutHash: number
  envs: VectorEnv
  sampler: Sampler
  log: Logger
  /** Told what the rank is doing. */
  phase: (phase: PhaseName) => void
}

/**
 * Proximal policy optimisation, clipped (Schulman et al. 2017, arXiv 1707.06347), on any number of ranks.
 * All ranks run this loop in lockstep: every decision in it is taken on reduced numbers, so none depends on
 * the rank, and the parameters are the same bits everywhere and for any number of ranks.
 */
export async function ppo(config: TrainConfig, sizes: Sizes, state: TrainState, parts: Parts): Promise<void> {
  const { strategy, engine, envs, sampler, log, phase } = parts
  const { numUpdates } = sizes
  const rollout = new Rollout(config.numSteps, envs.numEnvs, envs.observations.length / envs.numEnvs)
  const exactSum = new ExactSum(strategy, engine, parts.layoutHash)
  const meter = new Meter(strategy, config)
  engine.setParameters(state.parameters)
  await envs.reset()

  for (; state.update < numUpdates; state.update++) {
    const learningRate = scheduled(config.lrSchedule, config.learningRate, state.update, numUpdates)
    const clipCoef = scheduled(config.clipSchedule, config.clipCoef, state.update, numUpdates)

    // 1. Sample numSteps from each environment of this rank.                                   [T, N]
    phase('sample')
    meter.start('sample')
    await collect(rollout, envs, engine, sampler)

    // 2. Credit each action. A truncated episode bootstraps from V(s_T); a terminated one from 0.
    computeGae(rollout, config.gamma, config.gaeLambda)
    const shared = await share(strategy, rollout, sizes) // the one allgather of the update
    countEpisodes(state, shared.episodes)

    // 3. Learn: passes over the rollout in shuffled minibatches; one allreduce each.
    phase('learn')
    meter.start('learn')
    engine.setRows(rollout)
    learning: for (let epoch = 0; epoch < config.updateEpochs; epoch++) {
      const pass = { number: state.update * config.updateEpochs + epoch, clipCoef }
      for (const minibatch of minibatches(rollout, shared, sizes, strategy, config, pass)) {
        const { gradient, stats } = await exactSum.reduce(minibatch) // all ranks leave with the same numbers
        meter.add(stats)
        if (config.targetKl !== null && stats.approxKl > 1.5 * config.targetKl) break learning
        // Clips the gradient after averaging, so at the same scale everywhere.
        state.optimizer.step(state.parameters, gradient, learningRate, config.maxGradNorm)
        engine.setParameters(state.parameters)
      }
    }

    // 4. Report, and check now and then that nobody has drifted.
    log.write(meter.report(state, shared, learningRate))
    await maybeAssertInStep(strategy, state.update + 1, state.parameters)
    await eventLoopTurn() // for the script's own timers and signals: a job of one waits for nobody
  }
}
