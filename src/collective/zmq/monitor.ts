import type * as zmq from 'zeromq'
import { withoutHolding } from '../../base/system.ts'

/**
 * What happens to a socket's connections, for as long as the process has something to do: listening alone does not
 * keep it alive.
 */
export class Monitor {
  readonly #socket: zmq.Socket
  readonly events: zmq.Observer

  constructor(socket: zmq.Socket) {
    this.#socket = socket
    this.events = withoutHolding(() => socket.events)
  }

  /** Closes the socket; the process lives until its last event has come, or zeromq aborts it. */
  closeSocket(): void {
    const hold = setInterval(() => {}, 1000)
    this.events.on('end', () => clearInterval(hold))
    this.#socket.close()
  }
}
