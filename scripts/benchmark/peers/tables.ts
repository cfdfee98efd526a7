/** What contenders print, as Markdown: medians over the rounds. */

/** What one of them prints: a JSON array of rows, with these fields and others. */
export interface Row {
  system?: string
  env?: string
  stepsPerSecond?: number
  [other: string]: string | number | boolean | null | undefined
}

/** An engine's times, microseconds, as a row for rateTable(). */
export function learningRow({ engine, network, rows, step, act8 }: Row): Row {
  return {
    env: `learning steps, ${network}, ${rows} rows`,
    system: String(engine),
    stepsPerSecond: 1e6 / Number(step),
    'one, us': step,
    'act() of 8, us': act8,
  }
}

/** A line per environment and system: the median of each number, and how far the rates lie apart. */
export function rateTable(all: readonly Row[]): string {
  const others = [...new Set(all.flatMap(row => Object.keys(row)))].filter(
    name => !['env', 'system', 'numEnvs', 'nsPerStep', 'stepsPerSecond'].includes(name),
  )
  const head = ['environment', 'system', 'steps/s (median)', 'min .. max', 'pporun / it', ...others]
  const lines = distinct(all, 'env').flatMap(env => {
    const ofEnv = all.filter(row => row.env === env)
    const [first] = distinct(ofEnv, 'system').filter(system => system.startsWith('pporun'))
    return distinct(ofEnv, 'system').map(system => {
      const own = ofEnv.filter(row => row.system === system)
      const rates = own.map(row => Number(row.stepsPerSecond))
      return [
        ...[env, system, short(rateOf(ofEnv, system))],
        `${short(Math.min(...rates))} .. ${short(Math.max(...rates))}`,
        (rateOf(ofEnv, first) / rateOf(ofEnv, system)).toFixed(2),
        ...others.map(name => short(median(own, name))),
      ]
    })
  })
  return markdown(head, lines)
}

/** Sizes across, ways down: median p50, in microseconds. */
export function sumTable(all: readonly Row[]): string {
  const wayOf = (row: Row) => `${row.transport}, ${row.algorithm}${row.inPlace ? ', in place' : ''}`
  const sizes = distinct(all, 'bytes')
  const ways = [...new Set(all.map(wayOf))]
  const lines = ways.map(way => [
    way,
    ...sizes.map(bytes =>
      short(
        median(
          all.filter(row => wayOf(row) === way && String(row.bytes) === bytes),
          'p50us',
        ),
      ),
    ),
  ])
  return markdown(['p50, us, of bytes', ...sizes], lines)
}

/** Whether ours are as many times as fast as they are to be. */
export function goalLines(all: readonly Row[], goals: readonly [string, string, number][]): string[] {
  return goals.flatMap(([ours, theirs, least]) =>
    distinct(all, 'env').map(env => {
      const own = all.filter(row => row.env === env)
      const ratio = rateOf(own, ours) / rateOf(own, theirs)
      return `${env}: ${ours} is ${ratio.toFixed(2)} times ${theirs}; goal ${least}: ${ratio >= least ? 'met' : 'MISSED'}`
    }),
  )
}

const rateOf = (rows: readonly Row[], system: string): number =>
  median(
    rows.filter(row => row.system === system),
    'stepsPerSecond',
  )

const distinct = (rows: readonly Row[], name: string): string[] => [
  ...new Set(rows.map(row => String(row[name] ?? ''))),
]

function median(from: readonly Row[], name: string): number {
  const values = from.map(row => Number(row[name] ?? Number.NaN)).sort((a, b) => a - b)
  return values[values.length >> 1] ?? Number.NaN
}

function markdown(head: string[], lines: string[][]): string {
  return `${[head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function short(value: number): string {
  if (Number.isNaN(value)) return ''
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : String(Number(value.toPrecision(3)))
}
