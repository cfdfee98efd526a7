import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseHostfile } from '../../launcher/hosts/hostfile.ts'
import { makePlan } from '../../launcher/plan.ts'
import { UsageError } from '../../src/base/errors.ts'
import { anyHostfile } from './writing.ts'

/** Any text is a plan, or an error that can be found in it. Returns how many of each there were. */
export function fuzzHostfiles(limits: {
  numRuns?: number
  milliseconds?: number
}): [plans: number, refused: number] {
  let [plans, refused] = [0, 0]
  const check = (text: string) => {
    try {
      const hosts = parseHostfile(text, 'hosts', name => name === 'localhost')
      const slots = hosts.reduce((sum, host) => sum + host.slots, 0)
      if (slots <= 10_000)
        assert.equal(makePlan(hosts, { np: null, mapBy: 'slot', oversubscribe: false }).np, slots)
      plans++
    } catch (error) {
      assert.ok(error instanceof UsageError, (error as Error).stack)
      if (error.message !== 'hosts: hostfile has no hosts') checkPlaces(error.message, text.split(/\r?\n/))
      refused++
    }
  }
  const { numRuns = Infinity, milliseconds } = limits
  const time =
    milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds, markInterruptAsFailure: false }
  fc.assert(fc.property(anyHostfile, check), { numRuns, ...time })
  return [plans, refused]
}

/** Three lines for each mistake: place and message, the line, a caret below the place. */
function checkPlaces(message: string, lines: string[]): void {
  const told = message.split('\n')
  assert.equal(told.length % 3, 0, message)
  for (let i = 0; i < told.length; i += 3) {
    const [, line, column] = /^hosts:(\d+):(\d+): \S/.exec(told[i])?.map(Number) ?? assert.fail(told[i])
    assert.ok(line >= 1 && line <= lines.length, told[i])
    assert.ok(column >= 1 && column <= [...lines[line - 1]].length + 1, told[i])
    assert.match(told[i + 2], /^ +\^$/)
  }
}
