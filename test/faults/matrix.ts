/** The table of faults: what was done, and what the job made of it. */

export interface Row {
  fault: string
  over: string
  /** From the fault to the line that names the cause; null: the job went on. */
  seconds: number | null
  /** Whether the line named the right one. */
  named: boolean
  status: number | null
  /** Processes that were left 5 s after the end. */
  left: number
}

const rows: Row[] = []

export const note = (row: Row): void => void rows.push(row)

/** As it stands in src/collective/README.md. */
export function table(): string {
  const lines = rows.map(({ fault, over, seconds, named, status, left }) =>
    [fault, over, seconds === null ? 'goes on' : seconds.toFixed(1), named ? 'yes' : 'NO', status, left].join(
      ' | ',
    ),
  )
  const head = [
    'fault | over | s to name it | cause named | status | left',
    '--- | --- | --- | --- | --- | ---',
  ]
  return [...head, ...lines].map(line => `| ${line} |`).join('\n')
}
