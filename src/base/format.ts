/** Numbers as people read them. */

/** In the two largest units: `1 min 17 s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/** 100000 as `100 000`. */
export function thousands(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A share of 1: `25 %`. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`
