/** A canvas in the scene's units, with the page's colours. */
class Brush {
  readonly context: CanvasRenderingContext2D
  readonly colors: Record<'ink' | 'muted' | 'rule' | 'paper' | 'accent' | 'second' | 'third', string>

  constructor(context: CanvasRenderingContext2D) {
    const style = getComputedStyle(document.documentElement)
    const color = (name: string) => style.getPropertyValue(`--${name}`)
    this.context = context
    this.colors = {
      ink: color('ink'),
      muted: color('muted'),
      rule: color('rule'),
      paper: color('paper'),
      accent: color('c0'),
      second: color('c1'),
      third: color('c4'),
    }
  }

  line(points: [number, number][], color: string, width: number): void {
    const { context } = this
    context.beginPath()
    for (const [x, y] of points) context.lineTo(x, y)
    context.strokeStyle = color
    context.lineWidth = width
    context.lineCap = 'round'
    context.lineJoin = 'round'
    context.stroke()
  }

  disc(x: number, y: number, radius: number, color: string): void {
    this.context.beginPath()
    this.context.arc(x, y, radius, 0, 2 * Math.PI)
    this.context.fillStyle = color
    this.context.fill()
  }

  box(x: number, y: number, width: number, height: number, radius: number, color: string): void {
    this.context.beginPath()
    this.context.roundRect(x - width / 2, y - height / 2, width, height, radius)
    this.context.fillStyle = color
    this.context.fill()
  }

  /** Sideways from (x, y), as long as `length`, which may be negative. */
  arrow(x: number, y: number, length: number, width: number): void {
    if (Math.abs(length) < 3 * width) return
    const tip = x + length
    const barb = 2.2 * width * Math.sign(length)
    this.line(
      [
        [x, y],
        [tip, y],
      ],
      this.colors.third,
      width,
    )
    this.line(
      [
        [tip - barb, y + Math.abs(barb)],
        [tip, y],
        [tip - barb, y - Math.abs(barb)],
      ],
      this.colors.third,
      width,
    )
  }

  /** What is drawn moves with (x, y) and turns by `angle`, counterclockwise. */
  at(x: number, y: number, angle: number, draw: () => void): void {
    this.context.save()
    this.context.translate(x, y)
    this.context.rotate(angle)
    draw()
    this.context.restore()
  }
}

/** Cut to -1 .. 1. */
const within = (value: number): number => Math.max(-1, Math.min(1, value))
