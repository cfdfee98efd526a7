import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseHostfile, parseHostList, readHostfile } from '../../launcher/hosts/hostfile.ts'
import type { Host } from '../../launcher/plan.ts'
import { UsageError } from '../../src/base/errors.ts'
import { temporaryFolder } from '../rig.ts'
import { fuzzHostfiles } from './fuzz.ts'

const isHere = (name: string) => name === 'here' || name === 'localhost' || name === '127.0.0.1'
const parse = (...lines: string[]) => parseHostfile(lines.join('\n'), 'hosts', isHere)

/** `name:slots` and whatever was said besides. */
function brief({ name, via, slots, gpus, env, ...rest }: Host): string {
  const said = Object.entries(rest).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]))
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const devices = gpus === 'all' ? [] : [`gpus=${gpus.join(',')}`]
  return [`${name}:${slots}`, ...(via === 'ssh' ? [] : [via]), ...said, ...devices, ...variables].join(' ')
}

const briefs = (hosts: Host[]) => hosts.map(brief)

test('what Open MPI, Horovod, DeepSpeed, MPICH and Slurm write', () => {
  assert.deepEqual(briefs(parse('# c', '', 'a slots=4 max_slots=8', 'b slots=2 # c', '// c', 'c')), [
    'a:4 maxSlots=8',
    'b:2',
    'c:1',
  ])
  assert.deepEqual(briefs(parse('a cpu=2', 'b count=3', 'c np=4', 'd max-slots=5', 'e slots-max=6')), [
    'a:2',
    'b:3',
    'c:4',
    'd:5 maxSlots=5',
    'e:6 maxSlots=6',
  ])
  assert.deepEqual(briefs(parse('a:4', 'u@b:2', 'c username=w port=2222')), [
    'a:4',
    'b:2 user=u',
    'c:1 user=w port=2222',
  ])
  assert.deepEqual(briefs(parse('node[01-03,7] slots=2')), ['node01:2', 'node02:2', 'node03:2', 'node7:2'])
  assert.deepEqual(briefs(parse('a,b[1-2]:3')), ['a:3', 'b1:3', 'b2:3'])
})

test('addresses', () => {
  const lines = ['10.0.0.5:2', '[::1]', '[fe80::1%eth0]:4', 'fe80::2', 'u@[2001:db8::1]:2', '1:2:3:4:5:6:7:8']
  assert.deepEqual(briefs(parse(...lines)), [
    '10.0.0.5:2',
    '::1:1',
    'fe80::1%eth0:4',
    'fe80::2:1',
    '2001:db8::1:2 user=u',
    '1:2:3:4:5:6:7:8:1',
  ])
})

test('what only pporun has: data addresses, interfaces, devices, variables', () => {
  assert.deepEqual(briefs(parse('a addr=10.1.0.1 iface=ib0', 'b addr=[fe80::3]')), [
    'a:1 address=10.1.0.1 iface=ib0',
    'b:1 address=fe80::3',
  ])
  assert.deepEqual(
    briefs(parse('a gpus=all', 'b gpus=none', 'c gpus=2', 'd gpus=0,3', 'e gpus=GPU-8f-1,1')),
    ['a:1', 'b:1 gpus=', 'c:1 gpus=0,1', 'd:1 gpus=0,3', 'e:1 gpus=GPU-8f-1,1'],
  )
  assert.deepEqual(briefs(parse('a env.A=1 env.B="x #y = z" env.C==')), ['a:1 A=1 B=x #y = z C=='])
})

test('byte order mark, CRLF, tabs, no last newline', () => {
  assert.deepEqual(briefs(parse('\u{feff}a\tslots=2\r', '\t# c\r', '  b  ')), ['a:2', 'b:1'])
})

test('a host that comes again without slots has one slot more', () => {
  assert.deepEqual(briefs(parse('a', 'b', 'a', 'A')), ['a:3', 'b:1'])
  assert.deepEqual(briefs(parse('a slots=2', 'a')), ['a:3'])
  assert.deepEqual(briefs(parse('a[1,1]')), ['a1:2'])
})

test('this machine by any of its names is one host, unless ssh goes elsewhere', () => {
  assert.deepEqual(briefs(parse('localhost', 'here', '127.0.0.1')), ['localhost:3 local'])
  assert.deepEqual(briefs(parse('here port=2201', 'here port=2202', 'u@here')), [
    'here:1 port=2201',
    'here:1 port=2202',
    'here:1 user=u',
  ])
})

test('^ takes hosts out, wherever it stands', () => {
  assert.deepEqual(briefs(parse('^n2', 'n[1-3]', '^n[3]')), ['n1:1'])
})

test('-H: a list with slots', () => {
  const list = (text: string) => parseHostList(text, isHere)
  assert.deepEqual(briefs(list('a:2,b,u@n[01-02,5]:8').map(({ host }) => host)), [
    'a:2',
    'b:1',
    'n01:8 user=u',
    'n02:8 user=u',
    'n5:8 user=u',
  ])
  assert.deepEqual(
    list('a,b,a,c:1').map(({ asked }) => asked),
    [2, null, 1],
  )
  assert.throws(
    () => list('a:x,,b'),
    /^Error: -H:1:3: slots must .* got 'x'\n {2}a:x,,b\n {4}\^\n-H:1:5: a host's name is missing\n/,
  )
})

const mistakes: [lines: string[], at: string, message: string][] = [
  [['a slots = 2'], '1:3', `unexpected white space around '='; write slots=2`],
  [['a slots= 2'], '1:3', `unexpected white space around '='; write slots=2`],
  [['a slots =2 port=1'], '1:3', `unexpected white space around '='; write slots=2`],
  [['a slots=0'], '1:9', `slots must be a whole number ≥ 1, got '0'`],
  [['a slots=-1'], '1:9', `slots must be a whole number ≥ 1, got '-1'`],
  [['a', 'b slots=2x'], '2:9', `slots must be a whole number ≥ 1, got '2x'`],
  [['a:x'], '1:3', `slots must be a whole number ≥ 1, got 'x'`],
  [['a:'], '1:3', `slots must be a whole number ≥ 1, got ''`],
  [['a slots='], '1:9', 'slots needs a value'],
  [['a slots= # c'], '1:9', 'slots needs a value'],
  [['a slot=2'], '1:3', `unknown key 'slot'; did you mean 'slots'?`],
  [['a colour=2'], '1:3', `unknown key 'colour'`],
  [['a toString=2'], '1:3', `unknown key 'toString'`],
  [['node1 4'], '1:7', `unexpected '4'; did you mean slots=4?`],
  [['a b'], '1:3', `unexpected 'b'; a line has one host and its attributes`],
  [['a:2 slots=3'], '1:1', `slots given twice (:2 and slots=3)`],
  [['a slots=2 cpu=3'], '1:11', `cpu given twice (slots=2 and cpu=3)`],
  [['u@a user=b'], '1:1', `user given twice (u@ and user=b)`],
  [['a slots=3 max_slots=2'], '1:1', `max_slots=2 is less than slots=3`],
  [['::1:4'], '1:1', `ambiguous IPv6 address; write [::1]:4 or [::1:4]`],
  [['[::g]'], '1:1', `'::g' is no IPv6 address`],
  [['[::1]4'], '1:6', `unexpected '4' after ']'`],
  [['1:2:3:4:5:6:7:8:9'], '1:1', 'ambiguous IPv6 address; write [1:2:3:4:5:6:7:8]:9'],
  [['a:2:3'], '1:2', `'a:2:3' is neither a host nor an IPv6 address`],
  [['10.0.0.256'], '1:1', `'10.0.0.256' is no IPv4 address`],
  [['u@v@a'], '1:4', `more than one '@'`],
  [['@a'], '1:1', `bad user name ''`],
  [['u@'], '1:3', `a host's name is missing`],
  [['-oProxyCommand'], '1:1', 'bad host name'],
  [['-oX@a'], '1:1', `bad user name '-oX'`],
  [['a;b'], '1:1', `bad host name 'a;b'`],
  [['# c', 'x', 'a slots=2', 'a slots=3'], '4:1', `host 'a' already has slots=2 on line 3`],
  [['a', 'a slots=3'], '2:1', `host 'a' is already on line 1; give its attributes there`],
  [['a', 'a env.X=3'], '2:1', `host 'a' is already on line 1; give its attributes there`],
  [['localhost:2', 'here:2'], '2:1', `host 'here' already has slots=2 on line 1`],
  [['a[1,1]:2'], '1:1', `host 'a1' already has slots=2 in column 1`],
  [['a[1-'], '1:2', `bad range '[1-': no ']' follows`],
  [['[1-'], '1:1', `bad range '[1-': no ']' follows`],
  [['[1-3]'], '1:1', `bad range '[1-3]': a name must stand before '['`],
  [['  u@a[5-3]'], '1:7', `bad range '5-3': 3 is less than 5`],
  [['a[0-99999]'], '1:3', `bad range '0-99999': more than 65536 hosts`],
  [['a[1-2] addr=10.0.0.1'], '1:1', 'addr=10.0.0.1 is one host’s; these are 2'],
  [['a addr=b'], '1:8', `addr takes an IP address, got 'b'`],
  [['a port=65536'], '1:8', `port takes a number from 1 to 65535, got '65536'`],
  [['a iface=../x'], '1:9', 'iface takes the name of a network interface'],
  [['a gpus=0'], '1:8', 'gpus=0: write gpus=none, or gpus=1 for the first device'],
  [['a gpus=0,x'], '1:8', 'gpus takes all, none, a number or a list'],
  [['a gpus=1,1'], '1:8', 'gpus names device 1 twice'],
  [['a env.2=x'], '1:3', `bad variable name '2'`],
  [['a env.X="y'], '1:9', 'the quote is not closed'],
  [['a env.X="y"z'], '1:12', 'unexpected text after the closing quote'],
  [['slots=4'], '1:1', `a host must stand before 'slots=4'`],
  [['^a'], '1:1', `'^a' excludes a host that is not named`],
  [['a', '^a slots=2'], '2:1', `'^' takes a host and nothing else`],
]

test('each mistake is told with its line, column, the line itself and a caret', () => {
  for (const [lines, at, message] of mistakes) {
    const [line, column] = at.split(':').map(Number)
    const told = refusal(() => parse(...lines)).split('\n')
    assert.ok(
      told[0].startsWith(`hosts:${at}: ${message.replace('’', "'")}`),
      `${lines.join('|')}: ${told[0]}`,
    )
    assert.deepEqual(told.slice(1), [`  ${lines[line - 1]}`, `  ${' '.repeat(column - 1)}^`])
  }
})

test('all mistakes are told at once, in the order of the lines', () => {
  const told = refusal(() => parse('a slot=2 x', 'ok', 'b@c@d', 'ok slots=2', '^nobody'))
  assert.deepEqual(told.match(/^hosts:\d+:\d+/gm), [
    'hosts:1:3',
    'hosts:1:10',
    'hosts:3:4',
    'hosts:4:1',
    'hosts:5:1',
  ])
})

test('what would move a terminal’s cursor is not passed on; a caret stays below its letter', () => {
  const told = refusal(() => parse('größe\t\u001b[2Jx')).split('\n')
  assert.equal(told[1], '  größe \u{fffd}[2Jx')
  const long = refusal(() => parse(`${'a'.repeat(300)} oops ${'#'.repeat(300)}`)).split('\n')
  assert.ok(long[1].length < 80)
  assert.equal(long[1].slice(long[2].length - 1, long[2].length + 3), 'oops')
})

test('a file that cannot be read is never taken to mean this machine', t => {
  const folder = temporaryFolder(t)
  const path = (name: string) => join(folder, name)
  mkdirSync(path('folder'))
  writeFileSync(path('empty'), '# nothing\n\n  // at all')
  writeFileSync(path('latin1'), Buffer.from([0x61, 0xe4, 0x0a]))
  assert.match(
    refusal(() => readHostfile(path('missing'), isHere)),
    /^cannot read hostfile '.*missing': no such file$/,
  )
  assert.match(
    refusal(() => readHostfile(path('folder'), isHere)),
    /^cannot read hostfile '.*folder': it is a folder$/,
  )
  assert.match(
    refusal(() => readHostfile(path('latin1'), isHere)),
    /^cannot read hostfile '.*latin1': not UTF-8 text$/,
  )
  assert.match(
    refusal(() => readHostfile(path('empty'), isHere)),
    /empty: hostfile has no hosts$/,
  )
})

test('any text is a plan or an error with its place', () => {
  const [plans, refused] = fuzzHostfiles({ numRuns: 2000 })
  assert.ok(plans > 100 && refused > 500, `${plans} plans, ${refused} refused`)
})

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof UsageError, (error as Error).stack)
    return error.message
  }
  throw new Error('was accepted')
}
