import { createHash } from 'node:crypto'
import { initialParameters } from '../init.ts'
import { layoutOf } from '../layout.ts'
import { KernelEngine } from './driver.ts'
import type { Kernels } from './load.ts'

/**
 * What the kernels make of a small network and a few rows, as a hash: every build must give it. It changes only
 * with the arithmetic in kernels.c, on purpose.
 */
export const GOLDEN = 'd4027b4de851e74e'

/** True if kernels that `load` gives compute what they should on this machine. */
export function passesSelfTest(load: (bytes: number) => Kernels): boolean {
  return selfTestHash(load) === GOLDEN
}

export function selfTestHash(load: (bytes: number) => Kernels): string {
  const hash = createHash('sha256')
  for (const activation of ['tanh', 'relu', 'elu'] as const) {
    const layout = layoutOf({
      ...{ observationSize: 3, hidden: [17, 9], activation, sharedTrunk: false },
      ...{ distribution: 'categorical', numActions: 3 },
    })
    const engine = new KernelEngine('self-test', layout, load)
    engine.setParameters(initialParameters(layout, 7))
    const rows = 38
    const wave = (length: number, step: number) =>
      Float32Array.from({ length }, (_, i) => (((i * step) % 61) - 30) / 16)
    const observations = wave(rows * 3, 29)
    const acted = engine.act(observations, rows, { seed: 5, firstEnv: 3, step: 11 })
    const [actions, logProbs, values] = [acted.actions.slice(), acted.logProbs.slice(), acted.values.slice()]
    engine.setRows({
      ...{ observations, actions, values, advantages: wave(rows, 7), returns: wave(rows, 13) },
      ...{ logProbs: logProbs.map((logProb, i) => logProb + ((i % 5) - 2) / 8), distributions: null },
    })
    const sums = engine.gradients(
      {
        indices: Int32Array.from({ length: rows }, (_, i) => (i * 5) % rows),
        ...{ numShards: 2, rowsPerShard: rows / 2, advantageMean: 0.125, advantageDivisor: 0.75 },
        ...{ clipCoef: 0.2, valueClip: 0.3, valueClipMode: 'max', huberDelta: Infinity },
        ...{ vfCoef: 0.5, entCoef: 0.01, klCoef: 0 },
      },
      new Float64Array(layout.tensors.length).fill(1 / 4_294_967_296),
    )
    for (const array of [actions, logProbs, values, sums.gradient, sums.statistics, sums.largest])
      hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  return hash.digest('hex').slice(0, 16)
}
