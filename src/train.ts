import { layoutFor, placeOf } from './assemble.ts'
import { rankSettings } from './base/contract.ts'
import { PreemptedError, UsageError } from './base/errors.ts'
import { thousands } from './base/format.ts'
import type { Communicator } from './collective/communicator.ts'
import type { TrainResult } from './describe.ts'
import { withRanks } from './elastic.ts'
import { makerOf } from './engine/tfjs/networks.ts'
import { specOf } from './env/registry.ts'
import { type Fleet, openFleet } from './fleet.ts'
import { heedSignals } from './heed.ts'
import { LastCommits } from './lastcommits.ts'
import { resolveConfig, resumedConfig, type TrainOptions } from './options.ts'
import { checkWay } from './parallel/check.ts'
import type { TrainConfig } from './ppo/config.ts'
import { type Sizes, sizesOf } from './ppo/sizes.ts'
import { missedRun, newRun, openReporter, type Reporter } from './reporter.ts'
import { bringVectors, findStart, type Start } from './resume.ts'
import { trainWith } from './session.ts'

/**
 * Trains a policy with PPO on all ranks of this job and writes the run's folder. Options that follow the script
 * on the command line go over `options`. On all ranks alike it throws UsageError for what cannot be, and PreemptedError
 * when TERM, USR1, Ctrl-C or a time limit has ended it early, with a checkpoint to go on from.
 */
export async function train(options: TrainOptions = {}): Promise<TrainResult> {
  const stopHeeding = heedSignals()
  try {
    return await trainOnRanks(options, process.argv.slice(2))
  } catch (error) {
    // Without a launcher nobody else turns these into one line and a status.
    const isExpected = error instanceof UsageError || error instanceof PreemptedError
    if (!isExpected || rankSettings() || options.argv === false) throw error
    process.stderr.write(`pporun: ${error.message}\n`)
    process.exit(error.exitStatus)
  } finally {
    stopHeeding()
  }
}

async function trainOnRanks(options: TrainOptions, words: readonly string[]): Promise<TrainResult> {
  const asked = resolveConfig(options, words)
  const resume = asked.resume ?? (rankSettings()?.resumes ? 'auto' : null)
  if (resume === null) checked(asked) // before anybody is met and anything is written
  const run = newRun()
  const missed = await missedRun(run, resume)
  if (missed) return missed
  const commits = new LastCommits(rankSettings()?.elastic, rankSettings()?.joins)
  return withRanks(async comm => {
    const last = await commits.agree(comm)
    if (resume === null) checkWay(asked, checked(asked).numShards, comm.size)
    // What is refused leaves no folder behind.
    const fleet = resume === null && !last ? await openFleet(asked, comm) : null
    const reporter = await openReporter(run, comm.rank, resume)
    commits.recovered = (update, seconds) => reporter.recovered(update, seconds)
    try {
      if (last) return await trainWith(last.config, checked(last.config), comm, reporter, commits, last)
      const start = resume === null ? null : await findStart(comm, reporter.folder, resume)
      const config = start ? resumedConfig(start.config, options, words) : asked
      return await begin(config, start, comm, reporter, commits, fleet)
    } finally {
      await reporter.close()
    }
  })
}

async function begin(
  config: TrainConfig,
  start: Start | null,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
  fleet: Fleet | null,
): Promise<TrainResult> {
  const sizes = checked(config)
  checkWay(config, sizes.numShards, comm.size)
  if (sizes.totalSteps !== config.totalSteps)
    reporter.say(`${thousands(config.totalSteps)} steps are ${thousands(sizes.totalSteps)} in whole updates`)
  return start
    ? goOn(start, config, sizes, comm, reporter, commits)
    : trainWith(config, sizes, comm, reporter, commits, null, fleet)
}

function checked(config: TrainConfig): Sizes {
  specOf(config.env)
  layoutFor(config) // its encoders fit
  if (config.network !== null) makerOf(config.network)
  return sizesOf(config)
}

/** A run that has reached its total ends at once, with what it came to. */
async function goOn(
  start: Start,
  config: TrainConfig,
  sizes: Sizes,
  comm: Communicator,
  reporter: Reporter,
  commits: LastCommits,
): Promise<TrainResult> {
  const { commit, finished, damaged } = start
  const { update } = commit.state
  for (const problem of damaged) reporter.warn(problem)
  if (finished && update >= sizes.numUpdates) {
    reporter.say(`${start.source} has reached its ${thousands(finished.globalSteps)} steps: nothing to do`)
    return { folder: start.source, ...finished }
  }
  if (!commit.environments)
    reporter.say(
      `its environments (${config.env}) are not in it: episodes begin anew, and the bits are not those of one go`,
    )
  reporter.say(`goes on after update ${update} of ${sizes.numUpdates}`)
  // Who may have to go on without a rank has all that it held.
  const place: [number, number] = commits.isOn ? [0, 1] : placeOf(config, comm)
  const whole = await bringVectors(comm, start, layoutFor(config).network, place)
  commits.hold({ config, commit: whole })
  return trainWith(config, sizes, comm, reporter, commits, { ...start, commit: whole })
}
