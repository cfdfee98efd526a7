import { measureEngines } from '../../../src/index.ts'
import { text } from '../../args.ts'
import type { Subject } from '../bench.ts'
import type { Row } from './table.ts'

/** A learning step and act() of each engine, in this process; microseconds. */
export const engine: Subject = {
  describe: 'a learning step and act() of each engine; us',
  options: {
    engines: { type: 'string', describe: 'separated by commas (all of this machine)' },
    networks: { type: 'string', describe: 'mlp64,mlp256,small,nature: separated by commas (mlp64)' },
    rows: { type: 'string', describe: 'of a minibatch, separated by commas (128,256,2048)' },
  },
  measure: async given => {
    const names = text('--engines', given.engines)?.split(',') ?? null
    const rows = (text('--rows', given.rows) ?? '128,256,2048').split(',').map(Number)
    const networks = (text('--networks', given.networks) ?? 'mlp64').split(',')
    return (await measureEngines(names, networks, rows)).map(times => ({ ...times })) satisfies Row[]
  },
}
