/**
 * The candidate that `word` most likely meant; undefined when nothing is close, that is within a third of the
 * longer word's letters (at least one edit). Case does not count; of equals the first wins.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Infinity
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length)
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits > Math.max(1, longer / 3) || edits >= longer || edits >= fewest) continue
    best = candidate
    fewest = edits
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that turn a into b, no letter edited twice. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)] // rows[i][j]: the first i letters to the first j
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}
