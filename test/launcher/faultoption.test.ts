import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkedFaults, parseFault } from '../../launcher/faultoption.ts'
import { UsageError } from '../../src/base/errors.ts'

test('a fault is read in any order; what is left out has its meaning', () => {
  const full = { rank: 2, update: 5, op: 1, kind: 'kill9', seconds: 1 }
  assert.deepEqual(parseFault('rank=2,update=5,op=1,kind=kill9'), full)
  assert.deepEqual(parseFault('kind=kill9,op=1,update=5,rank=2'), full)
  assert.deepEqual(parseFault('rank=0,kind=nan'), { ...full, rank: 0, update: null, op: null, kind: 'nan' })
})

test('every mistake of a fault has its place', () => {
  const bad: [spec: string, message: RegExp][] = [
    ['rank=1', /^--fault:1:7: kind=... is missing\n {2}rank=1\n {8}\^$/],
    ['kind=stop', /:10: rank=... is missing/],
    ['rank=-1,kind=stop', /:6: rank takes a rank from 0, got '-1'/],
    ['rank=1,update=0,kind=stop', /:15: update takes a number from 1, got '0'/],
    ['rank=1,kind=kill', /:13: unknown kind 'kill'; did you mean kill9\?/],
    ['rank=1,updat=3,kind=stop', /:8: unknown 'updat'; did you mean update\?/],
    ['rank=1,rank=2,kind=stop', /:8: rank is given twice/],
    ['rank=,kind=stop', /:1: rank needs a value/],
    ['rank=1,kind=stop,seconds=2', /:18: seconds are for kind=delay/],
    ['rank=x,op=y,kind=stop', /:6: rank (.|\n)*:11: op takes/],
  ]
  for (const [spec, message] of bad)
    assert.throws(
      () => parseFault(spec),
      (error: Error) => error instanceof UsageError && message.test(error.message),
      spec,
    )
  assert.throws(() => checkedFaults([parseFault('rank=2,kind=stop')], 2), /rank=2: ranks are 0 to 1/)
})
