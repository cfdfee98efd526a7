import { transportChoices } from '../../../src/base/contract.ts'
import { UsageError } from '../../../src/base/errors.ts'
import { oneOf, text, whole } from '../../args.ts'
import type { Subject } from '../bench.ts'
import { measureOnRanks } from './ranks.ts'

/** Sums of float32 over the ranks of this machine, by every transport and algorithm. */
export const allreduce: Subject = {
  options: {
    np: { type: 'string', describe: 'number of ranks (2)' },
    transport: { type: 'string', describe: `only this one: ${transportChoices.join(', ')} (auto: all)` },
    sizes: { type: 'string', describe: 'bytes, separated by commas (4,40000,400000,4000000)' },
  },
  measure: given => {
    const np = whole('-np', given.np, 1) ?? 2
    const transport = oneOf('--transport', given.transport, transportChoices) ?? 'auto'
    const sizes = sizesOf(text('--sizes', given.sizes) ?? '4,40000,400000,4000000')
    return measureOnRanks(['-np', String(np)], 'allreduce.ts', [transport, sizes.join(',')])
  },
}

function sizesOf(list: string): number[] {
  const sizes = list.split(',').map(Number)
  const wrong = sizes.some(size => !Number.isInteger(size) || size < 0 || size % 4 !== 0)
  if (wrong)
    throw new UsageError(`--sizes takes bytes of float32, multiples of 4, as in 4,40000; got '${list}'`)
  return sizes
}
