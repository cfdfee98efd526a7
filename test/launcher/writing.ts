import fc from 'fast-check'

/** Hostfiles as fast-check writes them: near the grammar, where parsers break, and far from it. */

const word = fc.constantFrom(
  ...[
    'a',
    'node',
    'a.b-c',
    'localhost',
    '10.0.0.1',
    '10.0.0.999',
    '::1',
    'fe80::1%eth0',
    '[::1]',
    '[::1',
    '1',
    '',
  ],
  ...[
    'n[1-3]',
    'n[01-02,5]x',
    'n[3-1]',
    'n[',
    'n]',
    'n[]',
    'n[0-99999]',
    'n[0-999][0-999]',
    'a,b',
    'a,,b',
    '^a',
    '^',
  ],
)
const user = fc.constantFrom('', '', 'u@', '@', 'u@v@', '-o@')
const slots = fc.constantFrom('', '', ':2', ':0', ':', ':x', ':2:3', ':99999999999999999999')
const key = fc.constantFrom(
  ...[
    'slots',
    'cpu',
    'np',
    'max_slots',
    'slots-max',
    'port',
    'user',
    'addr',
    'iface',
    'gpus',
    'env.A',
    'env.',
    'slot',
  ],
  ...['toString', '__proto__', ''],
)
const equals = fc.constantFrom('=', '=', '=', ' = ', '= ', ' =', '==', '')
const value = fc.oneof(
  fc.constantFrom(
    '2',
    '0',
    '-1',
    '2x',
    'all',
    'none',
    '0,2',
    '"a #b"',
    '"',
    '"a',
    'u',
    '10.0.0.2',
    'ib0',
    '#',
    '',
  ),
  fc.string({ maxLength: 4 }),
)
const attribute = fc.tuple(key, equals, value).map(parts => parts.join(''))
const comment = fc.constantFrom('', '', ' # c', '// c', '#')
const entry = fc
  .tuple(user, word, slots, fc.array(attribute, { maxLength: 3 }), comment)
  .map(([name, host, count, attributes, end]) => [`${name}${host}${count}`, ...attributes].join(' ') + end)
const line = fc.oneof({ arbitrary: entry, weight: 5 }, fc.string(), fc.string({ unit: 'binary' }))
const lineEnd = fc.constantFrom('\n', '\r\n', '\n\n', '\r')

const wild = fc
  .array(
    fc.tuple(line, lineEnd).map(parts => parts.join('')),
    { maxLength: 8 },
  )
  .map(lines => lines.join(''))

const good = fc.subarray([
  'a slots=4 max_slots=8',
  'u@b:2 port=22 # c',
  'n[01-03,7] cpu=2 gpus=0,2',
  '[fe80::1%eth0]:3 iface=ib0',
  '10.0.0.7 addr=10.1.0.7 env.A="x y"',
  '// c',
  'localhost',
  'd',
  'd',
])

/** A good file with a few letters changed. */
const mutated = fc
  .tuple(good, fc.array(fc.tuple(fc.nat(200), fc.constantFrom(...' =:,[]-@"#^0x\n', '')), { maxLength: 2 }))
  .map(([lines, edits]) =>
    edits.reduce((text, [at, by]) => text.slice(0, at) + by + text.slice(at + 1), lines.join('\n')),
  )

export const anyHostfile: fc.Arbitrary<string> = fc.oneof(wild, mutated)
