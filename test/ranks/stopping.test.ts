/** Whichever rank is asked to end the job: all make the same update their last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainRanks } from './ways.ts'

const options = [
  ...['--env', 'CartPole-v1', '--num-steps', '8', '--batch-size', '64', '--update-epochs', '1'],
  ...['--hidden', '16', '--total-steps', '320', '--checkpoint-every', 'off'],
]
const ways: [size: number, way: string[]][] = [
  [3, []],
  [3, ['local']],
  [4, ['sampler', '--learners', '2']],
  [4, ['server', '--servers', '2']],
  [3, ['model']],
  [4, ['model', '--model-parallel', '2']],
]

for (const [size, way] of ways)
  test(`${way.join(' ') || 'allreduce'}: any rank stops all after the same update`, async () => {
    const words = way.length > 0 ? ['--parallelism', ...way] : []
    for (let asked = 0; asked < size; asked++) {
      const { commits } = await trainRanks(size, [...options, ...words], null, (parts, { comm }) => {
        let update = 0
        return { ...parts, asksToStop: () => ++update === 2 && comm.rank === asked }
      })
      assert.deepEqual(
        commits.map(({ state }) => state.update),
        [2],
        `rank ${asked}`,
      )
    }
  })
