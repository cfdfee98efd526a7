import type { ChildProcess } from 'node:child_process'
import { Status } from '../../src/base/contract.ts'
import type { Interruptible } from '../signals.ts'
import { type Member, type Outcome, startMember } from './member.ts'

/** Runs members, one for each slot at a time: who has finished one takes the next. */
export class Pool implements Interruptible {
  readonly #script: string
  readonly #launch: readonly string[]
  readonly #running = new Set<ChildProcess>()
  #next = 0
  /** Why no further member is started: the status of the sweep; null: they are. */
  #stopped: number | null = null

  /** @param launch options before the script that all members have */
  constructor(script: string, launch: readonly string[]) {
    this.#script = script
    this.#launch = launch
  }

  /** null, or the status with which the sweep was ended from outside or by a mistake of the user's. */
  get stopped(): number | null {
    return this.#stopped
  }

  /** @param slots launch options of each @param ended told each member's outcome as it comes */
  async run(
    members: readonly Member[],
    slots: readonly string[][],
    ended: (member: Member, outcome: Outcome) => void,
  ): Promise<void> {
    await Promise.all(slots.slice(0, members.length).map(slot => this.#work(members, slot, ended)))
  }

  async #work(
    members: readonly Member[],
    slot: readonly string[],
    ended: (member: Member, outcome: Outcome) => void,
  ): Promise<void> {
    while (this.#next < members.length && this.#stopped === null) {
      const member = members[this.#next++]
      const started = startMember(member, [...slot, ...this.#launch], this.#script)
      this.#running.add(started.process)
      const outcome = await started.ended
      this.#running.delete(started.process)
      ended(member, outcome)
      // The user's to mend before more time is spent: those that run may finish.
      if (outcome.exitStatus === Status.usage) this.#stopped ??= Status.usage
    }
  }

  /** Passes on what has ended the sweep; asked again members end at once, as a run does. */
  stop(_what: string, exitStatus: number): void {
    this.#stopped = exitStatus
    for (const child of this.#running) child.kill((exitStatus - 128) as unknown as NodeJS.Signals)
  }

  hold(): void {
    for (const child of this.#running) child.kill('SIGTSTP')
  }

  goOn(): void {
    for (const child of this.#running) child.kill('SIGCONT')
  }
}
