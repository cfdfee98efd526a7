import { connect } from 'node:net'
import { dialOrder, hostOf, portOf } from './addresses.ts'

/** A head start of one address over the next, so that the likelier one wins. */
const STAGGER = 50 // ms
/** Of one attempt: one that began while a cable was out may hang for long after it is in again. */
const ATTEMPT = 2000 // ms

/**
 * The first of a rank's endpoints that answers; the likeliest if none has after `seconds`, for whoever uses it to
 * say why. Tries all of them, again and again.
 */
export async function reachable(endpoints: readonly string[], seconds: number): Promise<string> {
  const order = dialOrder(endpoints)
  if (order.length === 1) return order[0]
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const answered = await Promise.any(order.map((endpoint, i) => knock(endpoint, i * STAGGER))).catch(
      () => null,
    )
    if (answered !== null) return answered
  }
  return order[0]
}

/** Resolves with the endpoint if somebody accepts there; who that is shows in the handshake. */
async function knock(endpoint: string, delay: number): Promise<string> {
  await new Promise(resolve => setTimeout(resolve, delay))
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostOf(endpoint), port: portOf(endpoint), timeout: ATTEMPT })
    const end = (settle: () => void) => {
      socket.destroy()
      settle()
    }
    socket.on('connect', () => end(() => resolve(endpoint)))
    socket.on('timeout', () => end(() => reject(new Error('no answer'))))
    socket.on('error', error => setTimeout(() => end(() => reject(error)), STAGGER))
  })
}
