import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kept } from './assemble.ts'
import { PporunError, UsageError } from './base/errors.ts'
import { runFolderOf } from './base/runfolder.ts'
import { type Checkpoint, loadCheckpoint } from './checkpoint/checkpoint.ts'
import { listCheckpoints } from './checkpoint/folder.ts'
import type { Communicator } from './collective/communicator.ts'
import type { TrainResult } from './describe.ts'
import type { Tensor } from './engine/layout.ts'
import { shareFrom } from './plaindata.ts'
import { type Vectors, withVectors } from './ppo/state.ts'

/** Where a run goes on from: what `--resume` names. */
export interface Start extends Kept {
  /** Of its parameters. */
  tensors: readonly Tensor[]
  /** The run that the checkpoint belongs to. */
  source: string
  /** What that run came to, if it has completed. */
  finished: Omit<TrainResult, 'folder'> | null
  /** Newer checkpoints that cannot be read, and why. */
  damaged: string[]
}

/**
 * Finds it on rank 0 and tells the others, whose hosts may not have the folder. Throws on all of them alike: a
 * UsageError, with what to name instead. Null: `auto`, and there is none.
 */
export async function findStart(comm: Communicator, folder: string, resume: string): Promise<Start | null> {
  const told = await shareFrom(comm, 0, () => {
    try {
      return { start: resume === 'auto' ? newestIn(folder) : startAt(resume) }
    } catch (error) {
      if (error instanceof PporunError) return { refused: error.message }
      throw error
    }
  })
  if (told.refused !== undefined) throw new UsageError(`--resume ${resume}: ${told.refused}`)
  return told.start
}

/** The newest intact checkpoint of a run. */
function newestIn(folder: string): Start | null {
  const damaged: string[] = []
  for (const path of listCheckpoints(folder))
    try {
      return { ...startFrom(loadCheckpoint(path), folder), damaged }
    } catch (error) {
      if (!(error instanceof PporunError)) throw error
      damaged.push(error.message)
    }
  return null
}

/** The checkpoint that was named; if it is damaged the error offers the newest other one. */
function startAt(path: string): Start {
  const source = runFolderOf(path)
  try {
    return startFrom(loadCheckpoint(path), source)
  } catch (error) {
    if (!(error instanceof PporunError) || error instanceof UsageError) throw error
    const other = listCheckpoints(source).find(isIntact)
    throw new UsageError(`${error.message}; ${other ? `intact is ${other}` : 'no other one is intact'}`)
  }
}

function isIntact(path: string): boolean {
  try {
    return loadCheckpoint(path) !== null
  } catch {
    return false
  }
}

function startFrom({ state, parameters, tensors, vectors }: Checkpoint, source: string): Start {
  if (state === null) throw new UsageError('holds a policy and nothing to go on training from')
  const { config, commit } = state as Kept
  const whole = { ...commit, state: withVectors(commit.state, { parameters, ...vectors } as Vectors) }
  return { config, commit: whole, tensors, source, finished: finishedRun(source), damaged: [] }
}

function finishedRun(folder: string): Start['finished'] {
  try {
    const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as TrainResult & { status: string }
    const { globalSteps, updates, sps, paramsHash, episodes, meanReturn100, evaluation } = run
    const result = { globalSteps, updates, sps, paramsHash, episodes, meanReturn100, evaluation }
    return run.status === 'completed' ? result : null
  } catch {
    return null // a run whose launcher was killed while it wrote
  }
}
