/**
 * Whole small runs and the parameters that they end with, the same on every machine and JavaScript engine. A hash
 * changes only with the arithmetic, the random numbers or a preset, on purpose; scripts/build/nodes.sh runs this
 * under other versions of Node, and on arm64.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineChoices } from '../../src/base/contract.ts'
import { loadNative } from '../../src/engine/kernels/load.ts'
import { hashInProcess } from './twin.ts'

const golden = [
  ['--env CartPole-v1 --total-steps 1024 --update-epochs 4', 'd49ee289093be5529856d0e6e50a48ca'],
  ['--preset cleanrl --total-steps 1024', '8d57b5f6aa0bcb959ec552045339f542'],
  [
    '--env Pendulum-v1 --num-steps 32 --total-steps 512 --update-epochs 2',
    '9040e490d517120d458b6e02bf6407ab',
  ],
  [
    '--env MountainCarContinuous-v0 --shared-trunk --activation elu --kl-coef 0.5 --value-loss huber ' +
      '--num-envs 8 --num-steps 32 --batch-size 64 --total-steps 512 --update-epochs 2',
    'bb03c31352298e49eef1a70253a5c86b',
  ],
] as const

const engines = engineChoices.filter(name => name === 'wasm' || (name === 'native' && loadNative(64)))

for (const [options, hash] of golden)
  for (const engine of engines)
    test(`${engine} ${options}`, async () => {
      assert.equal(await hashInProcess(1, [...options.split(' '), '--engine', engine]), hash)
    })
