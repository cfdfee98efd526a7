/** The canvas on which the policy plays: a queue of frames from the server, drawn between two of them at each repaint. */

interface PlayedFrame {
  state: number[]
  action: number
  episode: number
  step: number
  return: number
}

interface PlayedScene {
  env: string
  rate: number
  policySteps: number
  frames: PlayedFrame[]
}

class Stage {
  readonly #canvas = document.querySelector<HTMLCanvasElement>('#canvas')!
  readonly #words = document.querySelector<HTMLElement>('#words')!
  #queue: { frame: PlayedFrame; scene: PlayedScene }[] = []
  /** How far the play is on its way from the first frame of the queue to the second. */
  #share = 0
  #push = 0
  #last: number | null = null
  #visible = true
  #running = false

  constructor() {
    new IntersectionObserver(([entry]) => {
      this.#visible = entry.isIntersecting
      this.#draw()
    }).observe(this.#canvas)
    new ResizeObserver(() => this.#draw()).observe(this.#canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
  }

  add(scene: PlayedScene | { problem: string }): void {
    const problem =
      'problem' in scene ? scene.problem : sceneries[scene.env] ? null : `There is no picture of ${scene.env}`
    if (problem !== null) this.#words.textContent = problem
    if ('problem' in scene || problem !== null) return
    // Behind by seconds, such as after a pause of the machine: what is old is not worth showing.
    if (this.#queue.length > 5 * scene.rate) this.#queue.splice(0, this.#queue.length - scene.rate)
    this.#queue.push(...scene.frames.map(frame => ({ frame, scene })))
    if (!this.#running) this.#run()
  }

  clear(): void {
    this.#queue.splice(1)
    this.#share = 0
  }

  #run(): void {
    this.#running = true
    requestAnimationFrame(time => {
      this.#advance(time)
      this.#draw()
      // An empty queue needs no repainting: the next scene starts it again.
      if (this.#queue.length > 1) this.#run()
      else {
        this.#running = false
        this.#last = null
      }
    })
  }

  #advance(time: number): void {
    const seconds = Math.min(0.25, (time - (this.#last ?? time)) / 1000)
    this.#last = time
    this.#share += seconds * (this.#queue[0]?.scene.rate ?? 0)
    while (this.#share >= 1 && this.#queue.length > 1) {
      this.#queue.shift()
      this.#share--
      this.#smooth(this.#queue[0])
    }
    if (this.#queue.length === 1) this.#share = 0
  }

  /** Half of a push shows after a fifth of a second. */
  #smooth({ frame, scene }: { frame: PlayedFrame; scene: PlayedScene }): void {
    const way = sceneries[scene.env].push(frame.action) - this.#push
    this.#push += way * Math.min(1, 3.5 / scene.rate)
  }

  #draw(): void {
    const [now, next] = this.#queue
    if (!now || !this.#visible) return
    const { frame, scene } = now
    const scenery = sceneries[scene.env]
    const same = next && next.frame.episode === frame.episode
    const state = same ? between(frame.state, next.frame.state, this.#share, scenery) : frame.state
    const brush = new Brush(this.#prepare(scenery))
    scenery.draw(brush, state, this.#push)
    this.#canvas.dataset.state = state.map(value => value.toFixed(4)).join(' ')
    const words = `${scene.env} · policy of step ${scene.policySteps.toLocaleString('en').replaceAll(',', ' ')} · episode ${frame.episode}, step ${frame.step} · return ${frame.return.toFixed(scene.env === 'CartPole-v1' ? 0 : 1)}`
    if (this.#words.textContent !== words) this.#words.textContent = words
  }

  /** As many pixels as the screen has there; the scene in the middle, y up. */
  #prepare({ view: [left, bottom, right, top] }: Scenery): CanvasRenderingContext2D {
    const { clientWidth, clientHeight } = this.#canvas
    const width = Math.round(clientWidth * devicePixelRatio)
    const height = Math.round(clientHeight * devicePixelRatio)
    if (this.#canvas.width !== width || this.#canvas.height !== height)
      Object.assign(this.#canvas, { width, height })
    const context = this.#canvas.getContext('2d')!
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, width, height)
    const scale = Math.min(width / (right - left), height / (top - bottom))
    context.setTransform(
      scale,
      0,
      0,
      -scale,
      width / 2 - (scale * (left + right)) / 2,
      height / 2 + (scale * (bottom + top)) / 2,
    )
    return context
  }
}
