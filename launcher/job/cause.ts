/** Why a job failed, as run.json records it. */
export interface Cause {
  /** null: no rank is to blame (Ctrl-C, a time limit of the whole job). */
  rank: number | null
  host: string
  pid: number | null
  what: string
  exitStatus: number
  /** Seconds since the launch. */
  after: number
}
