import { createHash } from 'node:crypto'
import type { Loss } from '../engine.ts'
import { initialParameters } from '../init.ts'
import { layoutOf, type Network, slotLength } from '../layout.ts'
import { KernelEngine } from './driver.ts'
import type { Load } from './load.ts'

/**
 * What the kernels make of a small network and a few rows, as a hash: every build must give it. It changes only
 * with the arithmetic in kernels.c, on purpose.
 */
export const GOLDEN = '2409bc61a0864093'

/** True if kernels that `load` gives compute what they should on this machine. */
export function passesSelfTest(load: Load): boolean {
  return selfTestHash(load) === GOLDEN
}

/** Every kind of network and every term of the loss, in as few cases as that takes. */
const cases: [Partial<Network>, Partial<Loss>][] = [
  [{ activation: 'tanh' }, {}],
  [{ activation: 'relu', sharedTrunk: true }, { klCoef: 0.5 }],
  [
    { activation: 'elu', distribution: 'gaussian' },
    { klCoef: 0.5, huberDelta: 0.25 },
  ],
]

export function selfTestHash(load: Load): string {
  const hash = createHash('sha256')
  for (const [network, loss] of cases) {
    const layout = layoutOf({
      ...{ observationSize: 3, hidden: [17, 9], activation: 'tanh', sharedTrunk: false },
      ...{ distribution: 'categorical', numActions: 3, ...network },
    })
    for (const array of results(new KernelEngine('self-test', layout, load), loss))
      hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  return hash.digest('hex').slice(0, 16)
}

/** What the engine makes of a few rows. */
function results(engine: KernelEngine, loss: Partial<Loss>): ArrayBufferView[] {
  const { layout } = engine
  const rows = 38
  const wave = (length: number, step: number) =>
    Float32Array.from({ length }, (_, i) => (((i * step) % 61) - 30) / 16)
  engine.setParameters(initialParameters(layout, 7))
  engine.setNormalizer({ mean: Float64Array.of(0, 1, 2), scale: Float64Array.of(1, 2, 0.7), clip: 3 })
  const acted = structuredClone(engine.act(wave(rows * 3, 29), rows, { seed: 5, firstEnv: 3, step: 11 }))
  engine.setRows({
    ...{ ...acted, advantages: wave(rows, 7), returns: wave(rows, 13) },
    logProbs: acted.logProbs.map((logProb, i) => logProb + ((i % 5) - 2) / 8),
    distributions: loss.klCoef ? acted.distributions.map((x, i) => x + ((i % 7) - 3) / 16) : null,
  })
  const sums = { gradient: new Float64Array(layout.size), slots: new Float64Array(2 * slotLength(layout)) }
  engine.gradients(
    {
      indices: Int32Array.from({ length: rows }, (_, i) => (i * 5) % rows),
      ...{ numShards: 2, rowsPerShard: rows / 2, advantageMean: 0.125, advantageDivisor: 0.75 },
      ...{ clipCoef: 0.2, valueClip: 0.3, valueClipMode: 'max', huberDelta: Infinity },
      ...{ vfCoef: 0.5, entCoef: 0.01, klCoef: 0, ...loss },
    },
    new Float64Array(layout.tensors.length).fill(1 / 4_294_967_296),
    sums,
  )
  const { observations, actions, logProbs, values, distributions } = acted
  return [observations, actions, logProbs, values, distributions, sums.gradient, sums.slots]
}
