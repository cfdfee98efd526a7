// CartPole, Acrobot and Pendulum: what is made of rods.

/** State: position (m), velocity, angle of the pole (0 is upright, clockwise positive), its velocity. */
const cartPole: Scenery = {
  view: [-3, -0.45, 3, 1.3],
  angles: [2],
  push: action => 2 * action - 1,
  draw(brush, [position, , angle], push) {
    const { ink, muted, rule, accent, second, paper } = brush.colors
    brush.line(
      [
        [-12, -0.2],
        [12, -0.2],
      ],
      rule,
      0.03,
    )
    for (const limit of [-2.4, 2.4])
      brush.line(
        [
          [limit, -0.28],
          [limit, -0.12],
        ],
        muted,
        0.025,
      )
    for (const wheel of [-0.14, 0.14]) brush.disc(position + wheel, -0.14, 0.06, muted)
    brush.box(position, 0, 0.5, 0.24, 0.05, accent)
    brush.arrow(position + 0.31 * Math.sign(push), 0, 0.5 * push, 0.028)
    brush.line(
      [
        [position, 0.06],
        [position + Math.sin(angle), 0.06 + Math.cos(angle)],
      ],
      second,
      0.085,
    )
    brush.disc(position, 0.06, 0.05, ink)
    brush.disc(position, 0.06, 0.022, paper)
  },
}

/** State: angle of the first rod (0 hangs down), of the second to the first, their velocities. */
const acrobot: Scenery = {
  view: [-3.2, -2.25, 3.2, 2.25],
  angles: [0, 1],
  push: action => action - 1,
  draw(brush, [first, second]) {
    const { ink, muted, rule, accent, second: other, paper } = brush.colors
    const elbow: [number, number] = [Math.sin(first), -Math.cos(first)]
    const tip: [number, number] = [elbow[0] + Math.sin(first + second), elbow[1] - Math.cos(first + second)]
    const reached = tip[1] > 1
    brush.line(
      [
        [-12, 1],
        [12, 1],
      ],
      reached ? other : muted,
      0.025,
    )
    brush.line(
      [
        [-0.4, 0],
        [0.4, 0],
      ],
      rule,
      0.06,
    )
    brush.line([[0, 0], elbow], accent, 0.19)
    brush.line([elbow, tip], other, 0.19)
    for (const [x, y] of [[0, 0], elbow]) brush.disc(x, y, 0.085, ink)
    for (const [x, y] of [[0, 0], elbow]) brush.disc(x, y, 0.035, paper)
    brush.disc(tip[0], tip[1], 0.06, paper)
  },
}

/** State: angle (0 is upright, counterclockwise positive), velocity. The action is the torque, -2 to 2. */
const pendulum: Scenery = {
  view: [-2.2, -1.3, 2.2, 1.3],
  angles: [0],
  push: torque => within(torque / 2),
  draw(brush, [angle], push) {
    const { ink, rule, second, third, paper } = brush.colors
    const { context } = brush
    context.beginPath()
    context.arc(0, 0, 1, 0, 2 * Math.PI)
    context.strokeStyle = rule
    context.lineWidth = 0.02
    context.stroke()
    const swing = 1.2 * push
    if (Math.abs(swing) > 0.05) {
      context.beginPath()
      context.arc(0, 0, 0.42, Math.PI / 2, Math.PI / 2 + swing, swing < 0)
      context.strokeStyle = third
      context.lineWidth = 0.045
      context.lineCap = 'round'
      context.stroke()
      brush.at(
        0.42 * Math.cos(Math.PI / 2 + swing),
        0.42 * Math.sin(Math.PI / 2 + swing),
        swing + Math.PI / 2,
        () => {
          const barb = 0.09 * Math.sign(swing)
          brush.line(
            [[-barb, 0.09].map(Number) as [number, number], [0, 0], [-barb, -0.09]].map(([x, y]) => [y, x]),
            third,
            0.045,
          )
        },
      )
    }
    brush.line(
      [
        [0, 0],
        [-Math.sin(angle), Math.cos(angle)],
      ],
      second,
      0.17,
    )
    brush.disc(0, 0, 0.07, ink)
    brush.disc(0, 0, 0.03, paper)
  },
}
