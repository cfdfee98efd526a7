import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kept } from './assemble.ts'
import { PporunError, UsageError } from './base/errors.ts'
import { runFolderOf } from './base/runfolder.ts'
import { type OpenCheckpoint, openCheckpoint, readVector } from './checkpoint/checkpoint.ts'
import { listCheckpoints } from './checkpoint/folder.ts'
import type { Communicator } from './collective/communicator.ts'
import type { TrainResult } from './describe.ts'
import { Cutter } from './engine/division.ts'
import type { Network, Tensor } from './engine/layout.ts'
import { shareFrom } from './plaindata.ts'
import type { Commit } from './ppo/commit.ts'
import { type Vectors, withVectors } from './ppo/state.ts'

/** Where a run goes on from: what `--resume` names. */
export interface Start extends Kept {
  /** Of its parameters. */
  tensors: readonly Tensor[]
  /** Where rank 0 finds the vectors that the commit is still without. */
  checkpoint: string
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
      return { ...startFrom(openCheckpoint(path), folder), damaged }
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
    return startFrom(openCheckpoint(path), source)
  } catch (error) {
    if (!(error instanceof PporunError) || error instanceof UsageError) throw error
    const other = listCheckpoints(source).find(isIntact)
    throw new UsageError(`${error.message}; ${other ? `intact is ${other}` : 'no other one is intact'}`)
  }
}

function isIntact(path: string): boolean {
  try {
    return openCheckpoint(path) !== null
  } catch {
    return false
  }
}

function startFrom({ state, tensors, folder }: OpenCheckpoint, source: string): Start {
  if (state === null) throw new UsageError('holds a policy and nothing to go on training from')
  const rest = { source, finished: finishedRun(source), damaged: [] }
  return { ...(state as Kept), tensors, checkpoint: folder, ...rest }
}

/** Elements that go from rank 0 to the others at a time. */
const BLOCK = 1 << 18

/**
 * The commit of a start with its vectors, or what this rank holds of them, block by block from rank 0's disk. A
 * collective.
 * @param place of how many ranks it is that hold one network
 */
export async function bringVectors(
  comm: Communicator,
  { commit, checkpoint, tensors }: Start,
  network: Network,
  [place, team]: [place: number, team: number],
): Promise<Commit> {
  const layout = { network, tensors, size: tensors.reduce((sum, { size }) => sum + size, 0) }
  const bring = async (name: keyof Vectors) => {
    const blocks = comm.rank === 0 ? readVector(checkpoint, name, BLOCK) : null
    const cutter = new Cutter(layout, place, team)
    for (let from = 0; from < layout.size; from += BLOCK) {
      const block: Float32Array =
        blocks?.next().value ?? new Float32Array(Math.min(BLOCK, layout.size - from))
      await comm.broadcast(block)
      cutter.add(block)
    }
    return cutter.piece
  }
  const vectors = {
    parameters: await bring('parameters'),
    first_moment: await bring('first_moment'),
    second_moment: await bring('second_moment'),
  }
  return { ...commit, state: withVectors(commit.state, vectors) }
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
