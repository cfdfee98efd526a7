/** Our expander of compressed lists beside Slurm's own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { expandNodelist } from '../../launcher/hosts/nodelist.ts'
import { expanded } from '../launcher/nodelists.ts'
import { temporaryFolder } from '../rig.ts'

const missing = spawnSync('scontrol').error !== undefined
const skip = missing && 'scontrol is not here (Debian: slurm-client)'

test('lists expand as scontrol show hostnames expands them', { skip }, t => {
  const conf = join(temporaryFolder(t), 'slurm.conf')
  const lines = [
    'ClusterName=x',
    'SlurmctldHost=localhost',
    'NodeName=localhost',
    'PartitionName=p Nodes=ALL',
  ]
  writeFileSync(conf, `${lines.join('\n')}\n`)
  const slurms = (list: string) =>
    spawnSync('scontrol', ['show', 'hostnames', list], {
      env: { ...process.env, SLURM_CONF: conf },
      encoding: 'utf8',
    }).stdout.split('\n')
  for (const [list, names] of expanded) assert.equal(slurms(list).join(' ').trim(), names, list)

  const number = fc.tuple(fc.nat(1100), fc.nat(5)).map(([n, width]) => String(n).padStart(width, '0'))
  const range = fc.oneof(
    number,
    fc.tuple(number, fc.nat(12)).map(([low, more]) => `${low}-${Number(low) + more}`),
  )
  const brackets = fc.array(range, { minLength: 1, maxLength: 3 }).map(ranges => `[${ranges.join(',')}]`)
  const name = fc.constantFrom('a', 'node', 'x-1-', 'tux')
  // With three brackets and more Slurm 22.05 changes the order.
  const host = fc.oneof(
    name,
    fc.tuple(name, brackets),
    fc.tuple(name, brackets, fc.constantFrom('', 'b'), brackets),
  )
  const list = fc.array(
    host.map(parts => [parts].flat().join('')),
    { minLength: 1, maxLength: 3 },
  )
  const same = (hosts: string[]) =>
    assert.deepEqual(expandNodelist(hosts.join(',')), slurms(hosts.join(',')).slice(0, -1), hosts.join(','))
  fc.assert(fc.property(list, same), { numRuns: 150 })
})
