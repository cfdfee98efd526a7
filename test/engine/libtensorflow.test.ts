/** The engines on libtensorflow, where `pporun doctor --install` has put it; on a GPU if the machine has one. */
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { libtensorflowEngines, libtensorflowFolder } from '../../src/base/libtensorflow.ts'
import { ownConformance } from './ownnetworks.ts'
import { tfjsConformance } from './tfjs.ts'

for (const name of libtensorflowEngines)
  if (existsSync(libtensorflowFolder(name))) {
    await tfjsConformance(name)
    await ownConformance(name)
  } else test(`engine ${name}`, t => t.skip(`pporun doctor --install ${name}`))
