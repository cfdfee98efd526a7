import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandNodelist } from '../../launcher/hosts/nodelist.ts'
import { Mistake } from '../../launcher/hosts/problems.ts'
import { slurmHosts } from '../../launcher/hosts/slurm.ts'
import { expanded } from './nodelists.ts'

test('lists expand as recorded from scontrol show hostnames', () => {
  for (const [list, names] of expanded) assert.deepEqual(expandNodelist(list).join(' '), names, list)
})

test('a name may go on after its brackets, which Slurm does not allow', () => {
  assert.deepEqual(expandNodelist('n[1-2].example.org'), ['n1.example.org', 'n2.example.org'])
  assert.deepEqual(expandNodelist('n[1-2]-ib[0,1]x'), ['n1-ib0x', 'n1-ib1x', 'n2-ib0x', 'n2-ib1x'])
})

test('a bad list says where', () => {
  const bad: [list: string, at: number, message: RegExp][] = [
    ['a[1-', 1, /no ']' follows/],
    ['a[5-3]', 2, /bad range '5-3': 3 is less than 5/],
    ['a[1,x]', 4, /bad range 'x'/],
    ['a[]', 2, /bad range ''/],
    ['a[1,]', 4, /bad range ''/],
    ['a[-3]', 2, /bad range '-3'/],
    ['a]', 1, /']' without '\['/],
    ['a,,b', 2, /a host's name is missing/],
    ['a[0-99999]', 2, /more than 65536 hosts/],
    ['a[0-999][0-999]', 0, /more than 65536 hosts/],
    ['a[0-65535],b', 11, /more than 65536 hosts/],
    ['a[1-99999999999999999999]', 2, /more than 65536 hosts/],
  ]
  for (const [list, at, message] of bad)
    assert.throws(
      () => expandNodelist(list),
      (error: Error) => {
        assert.ok(error instanceof Mistake, `${list}: ${error.stack}`)
        assert.deepEqual([error.at, message.test(error.message)], [at, true], `${list}: ${error.message}`)
        return true
      },
    )
  assert.equal(expandNodelist('a[0-65535]').length, 65_536)
})

test('an allocation’s nodes have a slot for each task', () => {
  const slots = (nodelist: string, tasksPerNode: string) =>
    slurmHosts({ nodelist, tasksPerNode }).map(({ name, slots }) => `${name}:${slots}`)
  assert.deepEqual(slots('n[1-3],m', '2(x3),1'), ['n1:2', 'n2:2', 'n3:2', 'm:1'])
  assert.deepEqual(slots('n7', '16'), ['n7:16'])
  assert.throws(() => slots('n[1-3]', '2(x2)'), /'2\(x2\)' has 2 nodes, .* 'n\[1-3\]' 3/)
  assert.throws(() => slots('n1', 'two'), /SLURM_TASKS_PER_NODE 'two' cannot be read at 'two'/)
  assert.throws(() => slots('n[1-', '1'), /SLURM_JOB_NODELIST:1:2: bad range/)
})
