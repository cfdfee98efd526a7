/** One measurement, as `--json` prints it; rows may lack a column. */
export type Row = Record<string, string | number | boolean>

/** Rows under their names, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const columns = names.map(name => {
    const values = rows.map(row => row[name])
    const cells = [name, ...values.map(cell)]
    const width = Math.max(...cells.map(text => text.length))
    const number = values.some(value => typeof value === 'number')
    return cells.map(text => (number ? text.padStart(width) : text.padEnd(width)))
  })
  const lines = ['', ...rows].map((_, i) =>
    columns
      .map(column => column[i])
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** Three or four digits are all that a measurement is worth. */
function cell(value: Row[string] | undefined): string {
  if (value === undefined || value === false) return ''
  if (value === true) return 'yes'
  if (typeof value === 'string' || Number.isInteger(value)) return String(value)
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
