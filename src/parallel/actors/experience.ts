import type { VectorMoments } from '../../base/math/moments.ts'
import type { Rollout } from '../../ppo/rollout.ts'
import type { Sizes } from '../../ppo/sizes.ts'
import { fill, rowsOf } from '../trajectories.ts'

/** What a rollout has beside what the networks learn from, when it is credited by somebody else. */
export interface Experience {
  rollout: Rollout
  /** What the environments showed after the last step, not normalised, [N, obs]. */
  lastObservations: Float32Array
  /** Of the episodes that end there, [T, N]: return and length. */
  episodeReturns: Float64Array
  episodeLengths: Float64Array
}

export function experienceOf(rollout: Rollout): Experience {
  const { numSteps, numEnvs, observationSize } = rollout
  return {
    rollout,
    lastObservations: new Float32Array(numEnvs * observationSize),
    episodeReturns: new Float64Array(numSteps * numEnvs),
    episodeLengths: new Float64Array(numSteps * numEnvs),
  }
}

/** The `local`th shard as bytes: its rows, and the moments of what it saw before it was normalised. */
export function packExperience(experience: Experience, local: number, sizes: Sizes): Uint8Array {
  const moments = momentsOf(experience.rollout, local).flatMap(({ count, mean, m2 }) => [
    count,
    ...mean,
    ...m2,
  ])
  return Buffer.concat([
    ...pieces(experience, local, sizes),
    new Uint8Array(Float64Array.from(moments).buffer),
  ])
}

/** Writes it into the `local`th shard of another rank's. */
export function unpackExperience(
  message: Uint8Array,
  experience: Experience,
  local: number,
  sizes: Sizes,
): void {
  fill(pieces(experience, local, sizes), message)
  const bytes = message.subarray(experienceBytes(experience, sizes) - momentBytes(experience.rollout))
  const numbers = new Float64Array(Uint8Array.from(bytes).buffer) // a copy: they may lie anywhere
  let at = 0
  for (const moments of momentsOf(experience.rollout, local)) at = readMoments(numbers, at, moments)
}

/** Bytes of a shard: the same for all. */
export const experienceBytes = (experience: Experience, sizes: Sizes): number =>
  [...pieces(experience, 0, sizes)].reduce((total, { length }) => total + length, 0) +
  momentBytes(experience.rollout)

const momentsOf = ({ observationMoments, rewardMoments }: Rollout, local: number): VectorMoments[] => [
  observationMoments[local],
  rewardMoments[local],
]

/** Count, means and sums of squares of each. */
const momentBytes = ({ observationSize }: Rollout): number => 8 * (1 + 2 * observationSize + 3)

function* pieces(experience: Experience, local: number, sizes: Sizes): Generator<Uint8Array> {
  const { rollout, lastObservations, episodeReturns, episodeLengths } = experience
  const { observations, actions, logProbs, rewards, terminated, truncated, finalValues, distributions } =
    rollout
  const columns = [
    observations,
    actions,
    logProbs,
    rewards,
    terminated,
    truncated,
    finalValues,
    distributions,
  ]
  yield* rowsOf([...columns, episodeReturns, episodeLengths], rollout, local, sizes)
  yield* rowsOf([lastObservations], { numSteps: 1, numEnvs: rollout.numEnvs }, local, sizes)
}

function readMoments(numbers: Float64Array, at: number, moments: VectorMoments): number {
  const size = moments.mean.length
  moments.count = numbers[at]
  moments.mean.set(numbers.subarray(at + 1, at + 1 + size))
  moments.m2.set(numbers.subarray(at + 1 + size, at + 1 + 2 * size))
  return at + 1 + 2 * size
}
