import { pieceFor } from './assemble.ts'
import type { Reduction } from './base/contract.ts'
import { PporunError, UsageError } from './base/errors.ts'
import type { Communicator } from './collective/communicator.ts'
import type { Engine } from './engine/engine.ts'
import { makeEngine } from './engine/select.ts'
import type { Cut } from './parallel/cut.ts'
import type { TrainConfig } from './ppo/config.ts'

/** What computes on the ranks of a job, agreed between them before the first step. */
export interface Fleet {
  /** This rank's. */
  engine: Engine
  /** How gradients are added up. */
  reduction: Reduction
  /** Of each rank. */
  members: Member[]
  /** How shards are spread over them; null: evenly. */
  cut: Cut | null
}

interface Member {
  engine: string
  device: string
  exact: boolean
}

/** Opens the rank's engine. Throws UsageError on all ranks alike if one of them has none, or the reduction is not theirs. */
export async function openFleet(config: TrainConfig, comm: Communicator): Promise<Fleet> {
  const made = await attempt(() => makeEngine(config.engine, pieceFor(config, comm)))
  const told = await exchange<{ member: Member } | { refused: string }>(
    comm,
    made instanceof PporunError
      ? { refused: made.message }
      : { member: { engine: made.name, device: made.device, exact: made.exact } },
  )
  const members = told.map((one, rank) => {
    if ('member' in one) return one.member
    throw new UsageError(comm.size > 1 ? `rank ${rank}: ${one.refused}` : one.refused)
  })
  return { engine: made as Engine, reduction: reductionOf(config, members), members, cut: null }
}

/** A pure function of what all ranks know. */
function reductionOf({ reduction }: TrainConfig, members: readonly Member[]): Reduction {
  const inexact = members.find(({ exact }) => !exact)
  if (reduction === 'exact' && inexact)
    throw new UsageError(
      `--reduction exact: the ${inexact.engine} engine is not exact; leave the option out, or use --engine auto`,
    )
  return reduction ?? (inexact ? 'float32' : 'exact')
}

/** What `make` gives, or the error that the user is to see. */
async function attempt(make: () => Promise<Engine>): Promise<Engine | PporunError> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof PporunError) return error
    throw error
  }
}

/** Everybody's, by rank. */
async function exchange<T>(comm: Communicator, own: T): Promise<T[]> {
  const all = await comm.allgather(new TextEncoder().encode(JSON.stringify(own)))
  return all.map(bytes => JSON.parse(new TextDecoder().decode(bytes)) as T)
}
