import { openLibrary } from '../../base/native.ts'

/** sum.c, as functions. */
export interface SumKernels {
  /**
   * The sum of `numSources` arrays, in their order, into `numTargets`; these may be among the sources.
   * @param places the sources, then the targets: bytes from `memory`, or negative for `own`.
   * @param wide 1 for float64, 0 for float32.
   * @param bytes of each array.
   */
  sum(
    memory: Uint8Array,
    own: Uint8Array,
    places: Float64Array,
    numSources: number,
    numTargets: number,
    wide: number,
    bytes: number,
  ): void
  /** Adds `source` to `target`. */
  add(target: Uint8Array, source: Uint8Array, wide: number, bytes: number): void
}

/** Sources, and targets, at most: sum.c's MOST. */
export const MOST_SOURCES = 256

let kernels: SumKernels | null | undefined

/** Looked for once per process; null where there are none: plain loops give the same bits. */
export function sumKernels(): SumKernels | null {
  if (kernels === undefined)
    kernels = openLibrary(new URL('../../../../src/collective/kernels/built/', import.meta.url), 'sum', [
      'void sum(void*, void*, const void*, int, int, int, double)',
      'void add(void*, void*, int, double)',
    ]) as SumKernels | null
  return kernels
}
