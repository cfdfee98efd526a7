import { painted, plain } from './ansi.ts'
import { wantsColor } from './contract.ts'
import { Dashboard, type RunState } from './dashboard.ts'
import type { RankTimes } from './progress.ts'
import { LiveConsole } from './terminal.ts'

/** The console of a job: what is printed, and below it how far the run is. On stderr: stdout is the script's. */
export class StatusConsole extends LiveConsole {
  readonly #dashboard: Dashboard

  constructor(dashboard: Dashboard = new Dashboard(wantsColor() ? painted : plain)) {
    super(process.stderr, dashboard)
    this.#dashboard = dashboard
  }

  /** The newest state of the run. */
  status(state: RunState): void {
    this.#dashboard.update(state)
    this.refresh()
  }

  /** Where the ranks' time went so far; shown with the next state. */
  times(ranks: readonly RankTimes[]): void {
    this.#dashboard.times(ranks)
  }
}
