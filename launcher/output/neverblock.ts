/** What Node gives a stream of its own to write with. */
interface Handle {
  setBlocking?(blocking: boolean): void
}

/**
 * Node writes to a terminal synchronously: after Ctrl-S the launcher would stand still with it, and agents elsewhere take
 * its silence for a cut cable. From now on what the terminal does not take waits in memory, as with a pipe.
 */
export function neverBlock(stream: NodeJS.WriteStream): void {
  const { _handle } = stream as unknown as { _handle?: Handle }
  if (stream.isTTY) _handle?.setBlocking?.(false)
}
