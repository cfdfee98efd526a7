import { Purpose, uniform } from '../../base/math/streams.ts'

/** Math.random as a function of the seed, for what `make` draws: all chance in tf's initialisers comes from it. */
export function withSeed<T>(seed: number, make: () => T): T {
  const { random } = Math
  let draws = 0
  Math.random = () => uniform(seed, Purpose.init, 0, 0, draws++)
  try {
    return make()
  } finally {
    Math.random = random
  }
}
