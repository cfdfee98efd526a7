/** The ranks that one network is divided between, as the engine sees them. */
export interface Team {
  readonly rank: number
  readonly size: number
  /** Adds up over the team, in place; all end with the same bits. */
  sum(array: Float32Array | Float64Array): Promise<void>
  /** Largest of each element; a NaN wins. */
  max(array: Float64Array): Promise<void>
}
