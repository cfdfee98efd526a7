/**
 * How the classic-control environments look. Each scene draws a state, in Gymnasium's order, in its own units: the brush
 * has turned the canvas so that y points up and the whole scene is in sight.
 */
interface Scenery {
  /** What has to be in sight: left, bottom, right, top, in the scene's units. */
  view: [number, number, number, number]
  /** Numbers of the state that are angles: between two frames they turn the short way. */
  angles: number[]
  /** Which way an action pushes, and how hard: -1 to 1. */
  push(action: number): number
  /** `push` is smoothed over a moment: an arrow that changes fifty times a second would only flicker. */
  draw(brush: Brush, state: number[], push: number): void
}

const sceneries: Record<string, Scenery> = {
  'CartPole-v1': cartPole,
  'Acrobot-v1': acrobot,
  'Pendulum-v1': pendulum,
  'MountainCar-v0': mountainCar(0.5, action => action - 1),
  'MountainCarContinuous-v0': mountainCar(0.45, within),
}

/** The state between two frames, `share` of the way. */
function between(from: number[], to: number[], share: number, { angles }: Scenery): number[] {
  return from.map((value, i) => {
    const way = to[i] - value
    const turn = angles.includes(i) ? way - 2 * Math.PI * Math.round(way / (2 * Math.PI)) : way
    return value + share * turn
  })
}
