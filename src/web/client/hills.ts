// MountainCar, with its engine on, off or by degrees.

const hill = (x: number): number => 0.45 * Math.sin(3 * x) + 0.55

/** State: position, velocity. The car's goal is the flag. */
const mountainCar = (goal: number, push: Scenery['push']): Scenery => ({
  view: [-1.35, -0.02, 0.75, 1.25],
  angles: [],
  push,
  draw(brush, [position], force) {
    const { muted, rule, accent, second, ink } = brush.colors
    const { context } = brush
    const road: [number, number][] = Array.from({ length: 120 }, (_, i) => [
      -2.2 + i * 0.03,
      hill(-2.2 + i * 0.03),
    ])
    context.beginPath()
    for (const [x, y] of [...road, [1.4, -3], [-2.2, -3]]) context.lineTo(x, y)
    context.fillStyle = rule
    context.fill()
    brush.line(road, muted, 0.012)
    brush.line(
      [
        [goal, hill(goal)],
        [goal, hill(goal) + 0.2],
      ],
      ink,
      0.01,
    )
    context.beginPath()
    for (const [x, y] of [
      [0, 0.2],
      [0.1, 0.165],
      [0, 0.13],
    ])
      context.lineTo(goal + x, hill(goal) + y)
    context.fillStyle = second
    context.fill()
    brush.at(position, hill(position), Math.atan(1.35 * Math.cos(3 * position)), () => {
      brush.box(0, 0.052, 0.13, 0.045, 0.012, accent)
      brush.box(-0.008, 0.082, 0.065, 0.04, 0.012, accent)
      for (const wheel of [-0.038, 0.038]) brush.disc(wheel, 0.022, 0.022, ink)
      brush.arrow(0.085 * Math.sign(force), 0.055, 0.09 * force, 0.01)
    })
  },
})
