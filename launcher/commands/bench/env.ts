import { measureEnvironments } from '../../../src/index.ts'
import { text } from '../../args.ts'
import type { Subject } from '../bench.ts'
import type { Row } from './table.ts'

/** Environments alone with random actions, in this process, on one core. */
export const env: Subject = {
  describe: 'steps per second of environments alone',
  options: {
    env: { type: 'string', describe: 'environments, separated by commas (all)' },
    'num-envs': { type: 'string', describe: 'at once, separated by commas (8,1024)' },
  },
  measure: async given => {
    const ids = text('--env', given.env)?.split(',') ?? null
    const sizes = (text('--num-envs', given['num-envs']) ?? '8,1024').split(',').map(Number)
    return (await measureEnvironments(ids, sizes)).map(times => ({ ...times })) satisfies Row[]
  },
}
