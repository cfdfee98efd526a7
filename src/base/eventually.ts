/** A value, or the promise of one: what is done at once needs no promise, nor a turn of the queue. */
export type Eventually<T> = T | Promise<T>

/** What follows from the value: at once if it is here. */
export function after<T, U>(value: Eventually<T>, next: (value: T) => Eventually<U>): Eventually<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
