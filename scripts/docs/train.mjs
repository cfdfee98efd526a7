// Makes train.svg, the README's picture: runs the README's first command and draws what it prints.
//   node scripts/docs/train.mjs
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const command = 'npx pporun -np 2 scripts/train.ts'
const lines = [`$ ${command}`]
const [program, ...args] = command.split(' ')
const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
for (const stream of [child.stdout, child.stderr])
  stream
    .setEncoding('utf8')
    .on('data', text => lines.push(...text.split('\n').filter(line => line && !/^npm /.test(line))))
child.on('close', () => writeFileSync(new URL('train.svg', import.meta.url), svg(lines)))

function svg(lines) {
  const quoted = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const color = line => (line.startsWith('$') ? '#7ee787' : /%/.test(line) ? '#79c0ff' : '#e6edf3')
  const height = 32 + lines.length * 20
  const rows = lines.map(
    (line, i) =>
      `  <text x="18" y="${34 + i * 20}" fill="${color(line)}" xml:space="preserve">${quoted(line)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="${height}" viewBox="0 0 900 ${height}" role="img">
  <title>Output of ${command}</title>
  <rect width="900" height="${height}" rx="8" fill="#0d1117"/>
  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">
${rows.join('\n')}
  </g>
</svg>
`
}
