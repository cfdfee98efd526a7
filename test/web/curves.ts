/** Reads the numbers of a plot back out of its SVG. */
export interface Curve {
  name: string
  points: [x: number, y: number][]
  yRange: [from: number, to: number]
}

/** Every line of an `<svg>` element with linear axes, in its own numbers. */
export function curvesOf(svg: string): Curve[] {
  const attribute = (name: string) =>
    new RegExp(`data-${name}="([^"]*)"`).exec(svg)?.[1].split(' ').map(Number) ?? []
  const [left, top, right, bottom] = attribute('frame')
  const [x0, x1] = attribute('x')
  const [y0, y1] = attribute('y')
  return [...svg.matchAll(/<path class="c\d line[^"]*" data-name="([^"]*)" d="([^"]*)"/g)].map(
    ([, name, d]) => ({
      name,
      yRange: [y0, y1],
      points: [...d.matchAll(/[ML]([\d.-]+),([\d.-]+)/g)].map(([, x, y]) => [
        x0 + ((Number(x) - left) / (right - left)) * (x1 - x0),
        y0 + ((bottom - Number(y)) / (bottom - top)) * (y1 - y0),
      ]),
    }),
  )
}
