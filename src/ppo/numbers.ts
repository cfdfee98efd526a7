/** Numbers of different kinds one after the other in one message. */
export class Writer {
  #numbers = new Float64Array(1024)
  #length = 0

  put(...numbers: number[]): void {
    this.putArray(numbers)
  }

  putArray(numbers: ArrayLike<number>): void {
    this.#reserve(numbers.length)
    this.#numbers.set(numbers, this.#length)
    this.#length += numbers.length
  }

  /** What was put, valid until the next put. */
  take(): Float64Array {
    return this.#numbers.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#numbers.length) return
    const larger = new Float64Array(2 * (this.#length + more))
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}

/** Takes them in the same order. */
export class Reader {
  readonly #numbers: Float64Array
  #at = 0

  constructor(numbers: Float64Array) {
    this.#numbers = numbers
  }

  next(): number {
    return this.#numbers[this.#at++]
  }

  /** A view of the next `length`. */
  array(length: number): Float64Array {
    const first = this.#at
    this.#at += length
    return this.#numbers.subarray(first, this.#at)
  }

  /** A view of all that is left. */
  rest(): Float64Array {
    return this.array(this.#numbers.length - this.#at)
  }
}
