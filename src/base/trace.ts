/**
 * What a rank did and when, for `--timeline`. Off, a caller pays one look at `trace.record`:
 *
 *     trace.record?.('wait', 'message 3', start, { from: 4 })
 */

export type Track = 'phase' | 'call' | 'wait'

/** Milliseconds since 1970, by this host's clock. */
export interface Span {
  track: Track
  name: string
  start: number
  end: number
  args?: Record<string, number | string>
}

type Recorder = (track: Track, name: string, start: number, args?: Span['args']) => void

interface Trace {
  /** A span from `start` (performance.now()) until now; null: nobody wants it. */
  record: Recorder | null
}

export const trace: Trace = { record: null }

let spans: Span[] = []

/** From now on spans are kept, until taken. */
export function startTrace(): void {
  trace.record = (track, name, start, args) => {
    const { timeOrigin } = performance
    const span: Span = { track, name, start: timeOrigin + start, end: timeOrigin + performance.now() }
    spans.push(args ? { ...span, args } : span)
  }
}

/** Those since the last time. */
export function takeSpans(): Span[] {
  const taken = spans
  spans = []
  return taken
}
