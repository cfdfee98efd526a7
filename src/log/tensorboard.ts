import { closeSync, openSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FileLogger } from './logger.ts'
import { restartRecord, scalarsRecord, versionRecord } from './tfevents.ts'

/**
 * Writes each update into an event file in `folder`, at its number of environment steps: `tensorboard --logdir runs`
 * shows the run while it trains. A run that goes on after `resumedAt` steps gets a file of its own.
 */
export function tensorboardLogger(folder: string, resumedAt: number | null = null): FileLogger {
  const begin = Date.now()
  // TensorBoard looks for `tfevents`, and reads the files of a folder in the order of their names.
  const name = `events.out.tfevents.${Math.floor(begin / 1000)}.${hostname()}.${process.pid}.0`
  const file = openSync(join(folder, name), 'a')
  writeSync(file, versionRecord(begin / 1000))
  if (resumedAt !== null) writeSync(file, restartRecord(begin / 1000, resumedAt + 1))
  return {
    write: ({ steps, update: _, seconds: __, ...rest }) => {
      const scalars = Object.entries(rest).filter((entry): entry is [string, number] => entry[1] !== null)
      writeSync(file, scalarsRecord(Date.now() / 1000, steps ?? 0, scalars))
    },
    close: () => closeSync(file),
  }
}
