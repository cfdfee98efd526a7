import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { Reduction } from '../base/contract.ts'
import { points } from '../base/fault.ts'
import type { PhaseName } from '../base/progress.ts'
import type { Optimizer } from '../engine/optimizer.ts'
import type { Logger } from '../log/logger.ts'
import { collect, type Sampler } from './collect.ts'
import { type Commit, commit } from './commit.ts'
import type { TrainConfig } from './config.ts'
import { ExactSum } from './exactsum.ts'
import { computeGae } from './gae.ts'
import { maybeAssertInStep } from './instep.ts'
import { Meter } from './meter.ts'
import { Minibatches } from './minibatch.ts'
import { normalizerOf, rewardScaleOf } from './normalize.ts'
import { Rollout } from './rollout.ts'
import { assertFinite, share } from './share.ts'
import type { Sizes } from './sizes.ts'
import { absorb, adaptToKl, coefficients, type TrainState } from './state.ts'
import { count, environmentsOf, type Strategy } from './strategy.ts'
import { begin } from './warmup.ts'

/** What becomes of commits. */
export interface Keeper {
  /** Whether one is wanted after that many updates: the same answer on all ranks. */
  isDue(update: number): boolean
  /** @param isLast training ends with it, before its time. */
  keep(commit: Commit, isLast: boolean): Promise<void>
}

/** The parts that the algorithm is handed. It knows them by their interfaces. */
export interface Parts {
  strategy: Strategy
  /** The rank's environments, and the engine that acts in them and learns. */
  sampler: Sampler
  optimizer: Optimizer
  /** Hash of the engine's layout: ranks with another network must not be summed. */
  layoutHash: number
  /** How gradients go over the wire, the same on all ranks. */
  reduction: Reduction
  log: Logger
  keeper: Keeper
  /** Told what the rank is doing. */
  phase: (phase: PhaseName) => void
  /** Whether this rank has been asked to end the job, or its time is nearly up. */
  asksToStop: () => boolean
}

/**
 * Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347) on any number of ranks. All ranks run this
 * loop in lockstep: every decision in it is taken on reduced numbers, so none depends on the rank, and the
 * parameters are the same bits everywhere and for any number of ranks. Ends early, after an update whose commit is kept,
 * when a rank asks to.
 */
export async function ppo(config: TrainConfig, sizes: Sizes, state: TrainState, parts: Parts): Promise<void> {
  const { strategy, sampler, optimizer, log, keeper, phase, asksToStop } = parts
  const { engine } = sampler
  strategy.take(state)
  const rollout = new Rollout(
    config.numSteps,
    sampler.envs.numEnvs,
    engine.layout.network,
    count(strategy.samples),
    state.klCoef > 0,
  )
  const minibatches = new Minibatches(config, sizes, strategy)
  const meter = new Meter(strategy, config)
  const { watch } = meter
  const exactSum = new ExactSum(
    strategy,
    engine,
    optimizer,
    parts.layoutHash,
    parts.reduction,
    state.grid,
    watch,
    (shard, i) => whereabouts(shard, i < 0 ? null : minibatches.rowOf(shard, i), strategy, sizes, state),
  )
  engine.setParameters(state.parameters)
  optimizer.state = state.adam
  state.adam = optimizer.state // not twice
  await strategy.prepare?.(state)
  if (state.update === 0) await begin(config, sizes, state, strategy, sampler)

  for (let stop = false; state.update < sizes.numUpdates && !stop; ) {
    const now = coefficients(config, state, sizes.numUpdates)
    points.update?.(state.update + 1)

    // 1. Sample numSteps from each environment of this rank.                                   [T, N]
    phase('sample')
    engine.setNormalizer(normalizerOf(config, state))
    await (strategy.collect ?? collect)(rollout, sampler, {
      config,
      step: state.step,
      rewardScale: rewardScaleOf(config, state),
      watch,
    })
    state.step += config.numSteps

    // 2. Credit each action. A truncated episode bootstraps from V(s_T); a terminated one from 0.
    watch.start('share')
    await (strategy.credit ?? computeGae)(rollout, config.gamma, config.gaeLambda)
    const asks = asksToStop()
    const stops = (await strategy.stops?.(asks)) ?? asks
    const shared = await share(strategy, rollout, sizes, stops) // the one allgather of the update
    assertFinite(shared.flaw, state.update)
    stop = shared.stop
    absorb(state, shared)
    const rows = await strategy.deliver(rollout) // to who learns from it

    // 3. Learn: passes over the rollout in shuffled minibatches; one allreduce each.
    phase('learn')
    watch.start('minibatches')
    engine.setRows(rows)
    learning: for (let epoch = 0; epoch < config.updateEpochs; epoch++) {
      meter.startPass()
      const pass = state.update * config.updateEpochs + epoch // the counter of the shuffles
      for (const minibatch of minibatches.of(pass, shared, now)) {
        const { gradient, norm, stats } = await exactSum.reduce(minibatch) // all ranks leave with the same numbers
        meter.add(stats)
        if (config.targetKl !== null && stats.approxKl > 1.5 * config.targetKl) break learning
        // Clips the gradient after averaging, so at the same scale everywhere.
        await optimizer.step(state.parameters, gradient, norm, config.maxGradNorm, now.learningRate)
        engine.setParameters(state.parameters)
        watch.start('minibatches')
      }
    }
    watch.start('reduce')
    await strategy.agree(state, meter.totals) // all ranks begin the next update with the same numbers
    engine.setParameters(state.parameters)
    adaptToKl(config, state, meter.klOfLastPass)
    state.update++

    // 4. Report, keep, and check now and then that nobody has drifted.
    log.write(meter.report(state, shared, now))
    if (keeper.isDue(state.update) || stop)
      await keeper.keep(await commit(state, strategy, sampler, optimizer), stop)
    await maybeAssertInStep(strategy, state.update, state.parameters, engine.layout)
    await eventLoopTurn() // for the script's own timers and signals: a job of one waits for nobody
  }
}

/** Where a row of a shard comes from, or the whole shard, for an error about it. */
function whereabouts(
  shard: number,
  row: number | null,
  strategy: Strategy,
  { envsPerShard }: Sizes,
  { update }: TrainState,
): string {
  const { first, last } = environmentsOf({ first: shard, last: shard + 1 }, envsPerShard)
  const rank = `(rank ${strategy.rankOf(shard)})`
  if (row !== null) {
    const step = Math.floor(row / envsPerShard)
    return `environment ${first + (row % envsPerShard)} ${rank} at step ${step} of update ${update + 1}`
  }
  const which = last - first === 1 ? `environment ${first}` : `environments ${first} to ${last - 1}`
  return `the rows of ${which} ${rank} of update ${update + 1} together`
}
