import { transportChoices } from '../../../src/base/contract.ts'
import { UsageError } from '../../../src/base/errors.ts'
import { autoAlgorithm } from '../../../src/index.ts'
import { oneOf, text, whole } from '../../args.ts'
import type { Subject } from '../bench.ts'
import { measureOnRanks } from './ranks.ts'
import type { Row } from './table.ts'

/** Sums of float32 over the ranks of this machine, by every transport and algorithm. */
export const allreduce: Subject = {
  describe: 'sums over the ranks of this machine, by every transport and algorithm; us',
  options: {
    np: { type: 'string', describe: 'number of ranks (2)' },
    transport: { type: 'string', describe: `only this one: ${transportChoices.join(', ')} (auto: all)` },
    sizes: { type: 'string', describe: 'bytes, separated by commas (4,40000,400000,4000000)' },
  },
  measure: async given => {
    const np = whole('-np', given.np, 1) ?? 2
    const transport = oneOf('--transport', given.transport, transportChoices) ?? 'auto'
    const sizes = sizesOf(text('--sizes', given.sizes) ?? '4,40000,400000,4000000')
    const rows = await measureOnRanks<Way[]>(['-np', String(np)], 'allreduce.ts', [
      transport,
      sizes.join(','),
    ])
    for (const line of adviceOf(rows)) process.stderr.write(`${line}\n`)
    return rows
  },
}

type Way = Row & { bytes: number; transport: string; algorithm: string; p50us: number }

/** What is no noise. */
const CLEARLY = 1.15

/** Where the table of `auto` (src/collective/table.ts) would better take another algorithm, of those that send messages. */
export function adviceOf(rows: readonly Way[]): string[] {
  const sent = rows.filter(({ transport }) => transport === 'zmq')
  const sizes = [...new Set(sent.map(({ bytes }) => bytes))]
  const lines = sizes.flatMap(bytes => {
    const ways = sent.filter(row => row.bytes === bytes)
    const taken = ways.find(({ algorithm }) => algorithm === autoAlgorithm(bytes))!
    const best = ways.reduce((least, way) => (way.p50us < least.p50us ? way : least))
    const times = taken.p50us / best.p50us
    return times < CLEARLY
      ? []
      : [
          `auto takes ${taken.algorithm} for ${bytes} bytes over zmq; here ${best.algorithm} is ${times.toFixed(2)} times as fast`,
        ]
  })
  return sent.length > 0 && lines.length === 0
    ? ['auto takes the fastest over zmq at these sizes, or nearly']
    : lines
}

function sizesOf(list: string): number[] {
  const sizes = list.split(',').map(Number)
  const wrong = sizes.some(size => !Number.isInteger(size) || size < 0 || size % 4 !== 0)
  if (wrong)
    throw new UsageError(`--sizes takes bytes of float32, multiples of 4, as in 4,40000; got '${list}'`)
  return sizes
}
