/** What has gone one way: bytes, and the time that it took. */
export class Flow {
  bytes = 0
  #milliseconds = 0

  async time<T>(work: () => Promise<T>): Promise<T> {
    const begin = performance.now()
    try {
      return await work()
    } finally {
      this.#milliseconds += performance.now() - begin
    }
  }

  get total(): { bytes: number; milliseconds: number } {
    return { bytes: this.bytes, milliseconds: this.#milliseconds }
  }
}
