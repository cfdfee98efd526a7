/**
 * Reads numbers off the curves: a pointer or the arrow keys move a cross over all charts of the page at once. The
 * numbers come from the drawn paths themselves, turned back by the frame that each plot carries.
 */
{
  const tip = document.createElement('div')
  tip.id = 'tip'
  tip.hidden = true
  tip.setAttribute('role', 'status')
  document.body.append(tip)

  const numbers = (plot: SVGSVGElement, name: string) => (plot.dataset[name] ?? '').split(' ').map(Number)
  const plots = () => [...document.querySelectorAll<SVGSVGElement>('svg.plot')]

  /** The value at `share` of an axis, linear or logarithmic. */
  const valueAt = (plot: SVGSVGElement, axis: 'x' | 'y', share: number) => {
    const [from, to] = numbers(plot, axis)
    return plot.dataset[axis]?.endsWith('log') ? from * (to / from) ** share : from + share * (to - from)
  }

  const short = (value: number) =>
    Math.abs(value) >= 1e5
      ? Math.round(value).toLocaleString('en').replaceAll(',', ' ')
      : String(Number(value.toPrecision(4)))

  /** Each curve's point that is nearest to `x` in the drawing. */
  const nearest = (plot: SVGSVGElement, x: number) =>
    [...plot.querySelectorAll<SVGPathElement>('path[data-name]')].flatMap(path => {
      if (getComputedStyle(path).visibility === 'hidden') return []
      const points = [...(path.getAttribute('d') ?? '').matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(
        ([, px, py]) => [+px, +py],
      )
      const upper = path.classList.contains('area') ? points.slice(0, points.length / 2) : points
      if (upper.length === 0) return []
      const [px, py] = upper.reduce((best, point) =>
        Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best,
      )
      return [
        {
          name: path.dataset.name ?? '',
          color: /c\d/.exec(path.className.baseVal)?.[0] ?? 'c0',
          x: px,
          y: py,
        },
      ]
    })

  const draw = (plot: SVGSVGElement, x: number | null) => {
    plot.querySelector('.cross')?.remove()
    const [, top, , bottom] = numbers(plot, 'frame')
    if (x === null) return
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'line')
    for (const [name, value] of Object.entries({ class: 'cross', x1: x, x2: x, y1: top, y2: bottom }))
      line.setAttribute(name, String(value))
    plot.append(line)
  }

  /** Shows what all curves have at this share of the x axis; the words are about `plot`. */
  const show = (plot: SVGSVGElement, share: number) => {
    const at = Math.min(1, Math.max(0, share))
    for (const each of plots()) {
      const [left, , right] = numbers(each, 'frame')
      draw(each, left + at * (right - left))
    }
    const [left, top, right, bottom] = numbers(plot, 'frame')
    const found = nearest(plot, left + at * (right - left))
    const x = found.length > 0 ? (found[0].x - left) / (right - left) : at
    let below = 0
    const rows = found.map(({ name, color, y }) => {
      const value = valueAt(plot, 'y', (bottom - y) / (bottom - top))
      const own = plot.querySelector('.area') ? value - below : value
      below = value
      return row(
        color,
        found.length > 1 || plot.querySelector('.key') ? `${name}: ${short(own)}` : short(own),
      )
    })
    tip.replaceChildren(`${short(Math.round(valueAt(plot, 'x', x)))} ${plot.dataset.xlabel}`, ...rows)
    tip.hidden = false
    place(plot, left + at * (right - left))
  }

  const row = (color: string, text: string) => {
    const line = document.createElement('div')
    const dot = document.createElement('i')
    const words = document.createElement('span')
    line.className = color
    words.textContent = text
    line.append(dot, words)
    return line
  }

  /** Beside the cross, inside the window. */
  const place = (plot: SVGSVGElement, x: number) => {
    const box = plot.getBoundingClientRect()
    const at = box.left + (x / plot.viewBox.baseVal.width) * box.width
    const left = at + 14 + tip.offsetWidth > innerWidth ? at - 14 - tip.offsetWidth : at + 14
    tip.style.left = `${Math.max(4, left)}px`
    tip.style.top = `${Math.max(4, Math.min(box.top + box.height / 3, innerHeight - tip.offsetHeight - 4))}px`
  }

  const hide = () => {
    tip.hidden = true
    for (const plot of plots()) draw(plot, null)
  }

  const plotOf = (event: Event) => (event.target as Element).closest<SVGSVGElement>('svg.plot')

  document.addEventListener('pointermove', event => {
    const plot = plotOf(event)
    if (!plot) return tip.hidden || hide()
    const box = plot.getBoundingClientRect()
    const [left, , right] = numbers(plot, 'frame')
    const x = ((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width
    show(plot, (x - left) / (right - left))
  })

  const places = new WeakMap<Element, number>()
  document.addEventListener('keydown', event => {
    const plot = plotOf(event)
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key]
    if (event.key === 'Escape') hide()
    if (!plot || step === undefined) return
    event.preventDefault()
    places.set(plot, Math.min(1, Math.max(0, (places.get(plot) ?? 0.5) + step)))
    show(plot, places.get(plot) ?? 0)
  })
  document.addEventListener('focusout', hide)

  // A curve whose box is not ticked is hidden wherever its colour stands for its group.
  const hidden = document.createElement('style')
  document.head.append(hidden)
  document.addEventListener('change', () => {
    const off = [...document.querySelectorAll<HTMLInputElement>('.keys input:not(:checked)')]
    hidden.textContent = off
      .map(({ dataset }) => `.groups .plot .c${dataset.color}{visibility:hidden}`)
      .join('')
  })
}
