/** The live screen in a real terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { script, temporaryFolder } from '../rig.ts'
import { noTmux, Terminal } from './tmux.ts'

/** Trains, and its ranks print meanwhile; rank 0 numbers its lines. */
const talking = `import { connect, train } from 'pporun'
const rank = Number(process.env.PPORUN_RANK)
let ticks = 0
const timer = setInterval(() => console.log(rank === 0 ? 'tick ' + ticks++ : 'tock'), 40)
await train({ totalSteps: 60_000 })
clearInterval(timer)
console.log('ticks', ticks)
`

const screen =
  /\d+ % █*░* +[\d ]+ of 60 160 steps +ETA .*\n return [\d.-]+ .* steps\/s\n time +sampling .*\n +rank +host.*\n +0 .*\n +1 .*/

test('the run lives below what its ranks print, which stays whole, in windows that change their size', {
  skip: noTmux,
}, async t => {
  const folder = temporaryFolder(t)
  script(folder, talking)
  const terminal = new Terminal(t, folder, 110, 24)
  terminal.pporun('-np 2 script.ts')
  const text = await terminal.shows(screen)
  assert.match(text.trimEnd(), new RegExp(`${screen.source}$`), 'nothing stands below it')
  terminal.resize(40, 20)
  const narrow = await terminal.shows(/\d+ % █*░* +ETA .*\n return .*\n sample .*\n +rank/)
  assert.ok(narrow.split('\n').every(line => line.length <= 40))
  terminal.resize(70, 12)
  terminal.resize(120, 30)
  await terminal.shows(screen)
  await terminal.shows(/status 0/)
  const all = terminal.text(true)
  const ticks = [...all.matchAll(/^tick (\d+)$/gm)].map(([, n]) => Number(n))
  const told = Number(/^ticks (\d+)$/m.exec(all)?.[1])
  assert.deepEqual(
    ticks,
    Array.from({ length: told }, (_, i) => i),
    'each line once, in order',
  )
  assert.equal(all.match(/ 100 % █+ /g)?.length, 1, 'the last state stands once')
  assert.equal(all.match(/steps\/s\n/g)?.length, 1, all)
})

test('no earlier state stands above it, in a window that has become smaller', { skip: noTmux }, async t => {
  const terminal = new Terminal(t, temporaryFolder(t), 100, 24)
  terminal.pporun('-np 2 train --total-steps 60000')
  await terminal.shows(/ time +sampling .*\n +rank +host.*\n +0 .*/)
  terminal.resize(30, 20) // so narrow that the living lines begin in the first row
  await terminal.shows(/status 0/)
  const states = terminal.text(true).match(/^ return /gm)?.length ?? 0
  assert.ok(states <= 2, terminal.text(true)) // the last one, and what the terminal itself has moved away
})

test('Ctrl-C leaves the screen in order, and the shell below it', { skip: noTmux }, async t => {
  const folder = temporaryFolder(t)
  const terminal = new Terminal(t, folder, 100, 24)
  terminal.pporun('-np 2 train --total-steps 1000000')
  await terminal.shows(/ 0 +\S+ +x64 CPU /)
  terminal.key('C-c')
  const text = await terminal.shows(/status 130/)
  assert.match(text, /interrupted by Ctrl-C/)
  assert.equal(text.match(/ return /g)?.length ?? 0, text.match(/ time /g)?.length ?? 0)
  assert.match(text.trimEnd(), /status 130\nready>$/)
})

test('NO_COLOR is plain; a dumb terminal and --quiet see no living lines', { skip: noTmux }, async t => {
  const folder = temporaryFolder(t)
  const terminal = new Terminal(t, folder, 100, 24)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is about control characters
  const colors = /\x1b\[3\dm/
  for (const [environment, words, expected] of [
    ['A=1', '', { colored: true, living: true }],
    ['NO_COLOR=1', '', { colored: false, living: true }],
    ['TERM=dumb', '', { colored: false, living: false }],
    ['A=1', '--quiet', { colored: false, living: false }],
  ] as const) {
    terminal.pporun(`-np 2 ${words} train --total-steps 4096`, environment)
    await terminal.shows(/status 0/)
    const seen = { colored: colors.test(terminal.colored()), living: /^ time /m.test(terminal.text()) }
    assert.deepEqual(seen, expected, `${environment} ${words}`)
    terminal.type('clear')
    terminal.key('Enter')
    await terminal.shows(/^ready> ?\n*$/)
  }
})
