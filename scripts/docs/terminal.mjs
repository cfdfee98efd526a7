// Makes train.svg, the README's picture: the README's command in a real terminal, half-way and at its end.
//   node scripts/docs/terminal.mjs
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const COLUMNS = 100
const command = 'npx pporun -np 2 train'
const folder = mkdtempSync(join(tmpdir(), 'pporun-docs-'))
const bin = new URL('../../launcher/pporun.mjs', import.meta.url).pathname
const tmux = (...words) =>
  spawnSync('tmux', ['-L', `docs-${process.pid}`, ...words], { encoding: 'utf8' }).stdout

/** The window's lines with their escape sequences, once they match. */
async function screen(pattern) {
  for (let tries = 0; tries < 600; tries++) {
    const text = tmux('capture-pane', '-p', '-e')
    if (pattern.test(text)) return text.trimEnd().split('\n')
    await sleep(100)
  }
  throw new Error(`the terminal does not show ${pattern}`)
}

try {
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-x',
    String(COLUMNS),
    '-y',
    '24',
    '-c',
    folder,
    'env',
    'PS1=',
    'sh',
  )
  tmux(
    'send-keys',
    '-l',
    `clear; '${process.execPath}' '${bin}' ${command.split(' ').slice(2).join(' ')}; echo over`,
  )
  tmux('send-keys', 'Enter')
  const half = await screen(/[456]\d %.*\n.*\n.*\n.*rank.*\n.*\n/)
  const end = await screen(/^over$/m)
  const lines = [
    `\x1b[32m$ ${command}\x1b[0m`,
    ...half.filter(line => /\S/.test(line)),
    '',
    ...end.slice(0, -1),
  ]
  writeFileSync(new URL('train.svg', import.meta.url), svg(lines.filter(line => !/whole updates/.test(line))))
} finally {
  tmux('kill-server')
  rmSync(folder, { recursive: true, force: true })
}

function svg(lines) {
  const height = 24 + lines.length * 19
  const rows = lines.map(
    (line, i) => `  <text x="18" y="${30 + i * 19}" xml:space="preserve">${spans(line)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="${height}" viewBox="0 0 860 ${height}" role="img">
  <title>${command}, half-way and at its end</title>
  <rect width="860" height="${height}" rx="8" fill="#0d1117"/>
  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">
${rows.join('\n')}
  </g>
</svg>
`
}

/** Escape sequences as coloured spans. */
function spans(line) {
  const fills = { 2: '#8b949e', 31: '#ff7b72', 32: '#7ee787', 33: '#f2cc60', 34: '#79c0ff', 36: '#76e3ea' }
  const quoted = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const [first, ...parts] = line.split('\x1b[')
  return (
    quoted(first) +
    parts
      .map(part => {
        const [, code, text] = /^([\d;]*)m(.*)$/s.exec(part) ?? ['', '', '']
        const fill = fills[code.split(';').at(-1)]
        if (text === '') return ''
        return fill || code === '1'
          ? `<tspan ${fill ? `fill="${fill}"` : 'font-weight="bold"'}>${quoted(text)}</tspan>`
          : quoted(text)
      })
      .join('')
  )
}
