import assert from 'node:assert/strict'
import { test } from 'node:test'
import { segmentBytes, segmentPlaces } from '../../src/base/segment.ts'

test('the memory of as many ranks as a host may have fits one ArrayBuffer', () => {
  for (const ranks of [1, 2, 32, 33, 64, 100, 500]) assert.ok(segmentBytes(ranks) < 2 ** 32, `${ranks} ranks`)
  assert.equal(segmentPlaces(64).buffers(1) % 64, 0)
})
