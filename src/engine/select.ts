import { UsageError } from '../base/errors.ts'
import type { Engine } from './engine.ts'
import type { Layout } from './layout.ts'
import { ReferenceEngine } from './reference.ts'

const engines: Record<string, (layout: Layout) => Engine> = {
  auto: layout => new ReferenceEngine(layout),
  reference: layout => new ReferenceEngine(layout),
}

/**
 * The engine called `name` (`--engine`); 'auto' is the fastest exact one that runs here.
 * @throws UsageError if there is none of that name
 */
export function makeEngine(name: string, layout: Layout): Engine {
  if (!Object.hasOwn(engines, name))
    throw new UsageError(`unknown engine '${name}': it is one of ${Object.keys(engines).join(', ')}`)
  return engines[name](layout)
}
