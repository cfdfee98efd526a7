import type { Prediction, ScalingRow } from '../../src/index.ts'
import { type Row, table } from '../commands/bench/table.ts'
import type { ScalingArgs } from './args.ts'

/** What was compared, in a line. */
export function headOf({ script, words, mode, rule, repeats }: ScalingArgs, hash: string | null): string {
  const what = `${mode} scaling of ${[script, ...words].join(' ')}, ${repeats} rounds`
  if (mode === 'weak') return `${what}; environments, batch and steps times np, learning rate ${rule}`
  return `${what}; parameters ${hash} in every run`
}

/** @param predictions of each row, or none */
export function scalingTable(rows: readonly ScalingRow[], predictions: readonly Prediction[]): string {
  const algorithms = new Set(rows.map(({ allreduce }) => allreduce))
  return table(
    rows.map((row, i): Row => {
      const predicted = predictions[i]?.updateMs
      const thousand = (sps: number) => `${(sps / 1000).toFixed(1)} k`
      return {
        np: row.np,
        ...(algorithms.size > 1 && { allreduce: row.allreduce }),
        'steps/s': Math.round(row.sps),
        'least .. most': `${thousand(row.spsLeast)} .. ${thousand(row.spsMost)}`,
        'speed-up': Number(row.speedup.toFixed(2)),
        efficiency: Number(row.efficiency.toFixed(2)),
        'ms/update': row.updateMs,
        ...(predicted !== undefined && {
          predicted,
          error: `${(100 * (predicted / row.updateMs - 1)).toFixed(0)} %`,
        }),
        sample: row.sampleMs,
        learn: row.learnMs,
        communication: row.communicationMs,
        share: `${(100 * row.communicationShare).toFixed(1)} %`,
        'slowest/median': Number(row.spread.toFixed(2)),
        return: row.meanReturn?.toFixed(1) ?? '-',
        'more ranks than cores': row.oversubscribed,
      }
    }),
  )
}
