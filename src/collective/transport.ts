import { PporunError } from '../base/errors.ts'
import type { Frame } from './frame.ts'

/** Time as a rank sees it: the system's, or a simulation's (virtualclock.ts). */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number
  /** Does not keep the process alive: whoever waits does. */
  sleep(milliseconds: number): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: milliseconds => new Promise(resolve => void setTimeout(resolve, milliseconds).unref()),
}

/**
 * What carries frames between ranks. Ordered per peer and channel (frame.ts); it never waits for ever and fails
 * with the peer's name. It owns time too: deadlines and durations are its clock's.
 */
export interface Transport {
  readonly name: string
  readonly rank: number
  readonly size: number
  readonly clock: Clock
  /** Queues a frame. Its payload is the caller's again when this returns: the transport keeps a copy. */
  send(to: number, frame: Frame): void
  /**
   * The next frame from a peer on a channel; rejects with PeerTimeoutError after `seconds`, or with what fail() was
   * given. One wait per peer and channel at a time.
   */
  recv(from: number, channel: number, seconds: number): Promise<Frame>
  /** Ends every wait, present and future, with this error. */
  fail(error: Error): void
  close(): void
}

/** What a rank alone cannot judge: the peer may be dead, or wait for another itself. */
export class PeerError extends PporunError {
  override readonly isEverybodys: boolean = false
  /** The peer's rank in the job. */
  readonly peer: number

  constructor(peer: number, message: string) {
    super(message)
    this.peer = peer
  }
}

/** A peer's frame did not come in time. Only time during which this rank itself ran counts. */
export class PeerTimeoutError extends PeerError {
  override readonly exitStatus: number = 124
  readonly seconds: number

  constructor(
    peer: number,
    seconds: number,
    message = `waited ${seconds.toFixed(1)} s for a frame from rank ${peer}`,
  ) {
    super(peer, message)
    this.seconds = seconds
  }
}

/** A connection to a peer could not be made, or has broken. */
export class ConnectionError extends PeerError {}
