/** Conformance of gradients() on engines that are not exact: those of the oracle, to 1e-4 relative. */
import { test } from 'node:test'
import type { Loss } from '../../src/engine/engine.ts'
import type { Network } from '../../src/engine/layout.ts'
import { ReferenceEngine } from '../../src/engine/reference/reference.ts'
import type { MakeEngine } from './conformance.ts'
import { allNear, largestOf } from './near.ts'
import { pictures, tameParameters } from './pictures.ts'
import { oddLayout, randomBatch, randomParameters, sumsOf, uniformGrid } from './random.ts'
import { cases } from './slopes.ts'

/** Of a tensor's largest entry. */
const TOLERANCE = 1e-4

export function agreementConformance(make: MakeEngine): void {
  for (const [name, network, loss] of cases) agreesOn(name, make, network, loss)
  for (const [name, network] of pictures) agreesOn(name, make, network)
}

/** One test: everything that both engines give for random parameters and rows. */
export function agreesOn(
  name: string,
  make: MakeEngine,
  network: Partial<Network>,
  loss: Partial<Loss> = {},
): void {
  test(`${name}: gradients are the reference's`, async () => {
    const layout = oddLayout(network)
    const { rows, minibatch } = randomBatch(layout, 3, network.encoder ? 2 : 11)
    const [own, oracle] = await Promise.all(
      [make(layout), new ReferenceEngine(layout)].map(async engine => {
        engine.setParameters(network.encoder ? tameParameters(layout) : randomParameters(layout, 7))
        engine.setRows(rows)
        return sumsOf(engine, { ...minibatch, ...loss }, uniformGrid(layout, 2 ** -60))
      }),
    )
    for (const { offset, size } of layout.tensors) {
      const expected = oracle.gradient.subarray(offset, offset + size)
      const largest = largestOf(expected)
      allNear(own.gradient.subarray(offset, offset + size), expected, TOLERANCE * largest)
    }
    allNear(own.statistics, oracle.statistics, TOLERANCE * largestOf(oracle.statistics))
  })
}
