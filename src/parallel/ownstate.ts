import type { TrainState } from '../ppo/state.ts'

/** What a rank holds of its own where ranks differ, as numbers: [parameters, both moments, grid, steps apart]. */
export function pack({ parameters, adam, grid }: TrainState, apart: number): Float64Array {
  return Float64Array.from([...parameters, ...adam.firstMoment, ...adam.secondMoment, ...grid, apart])
}

/** Writes it into the state's arrays. @returns steps apart */
export function unpack(own: Float64Array, { parameters, adam, grid }: TrainState): number {
  let at = 0
  for (const array of [parameters, adam.firstMoment, adam.secondMoment, grid]) {
    array.set(own.subarray(at, at + array.length))
    at += array.length
  }
  return own[at]
}

/** A state that any number of ranks can go on from, the weighted mean of the ranks', with what each of them has. */
export function meanOf(
  ranks: Float64Array[],
  weights: readonly number[],
  { adam, ...state }: TrainState,
): TrainState {
  const { firstMoment, secondMoment } = adam
  const moments = { firstMoment: firstMoment.slice(), secondMoment: secondMoment.slice() }
  const whole = { ...state, parameters: state.parameters.slice(), grid: state.grid.slice() }
  const mean = ranks[0].slice() // the grids are the first rank's: no mean of powers of two
  const total = weights.reduce((sum, weight) => sum + weight)
  for (let i = 0; i < 3 * firstMoment.length; i++)
    mean[i] = ranks.reduce((sum, own, rank) => sum + weights[rank] * own[i], 0) / total
  const result = { ...whole, adam: { ...adam, ...moments }, ranks }
  unpack(mean, result)
  return result
}
