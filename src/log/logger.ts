/**
 * One update's metrics under CleanRL's names: `losses/policy_loss`, `charts/SPS`, ...; null: nothing to report,
 * such as the mean return of no episodes.
 */
export type Metrics = Record<string, number | null>

export interface Logger {
  write(metrics: Metrics): void
}

/** One that holds a file open. */
export interface FileLogger extends Logger {
  close(): void
}

/** For the ranks that do not report. */
export const silentLogger: Logger = { write: () => {} }

/** Hands each update's metrics to all of them. */
export function loggers(...all: Logger[]): Logger {
  return {
    write: metrics => {
      for (const logger of all) logger.write(metrics)
    },
  }
}
