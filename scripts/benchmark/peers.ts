/** Runs pporun and its peers in turn and prints medians, spread and ratios; started by peers.sh. */
import { spawnSync } from 'node:child_process'
import { type Contender, subjects } from './peers/contenders.ts'
import { goalLines, type Row } from './peers/tables.ts'

const [name = '', rounds = '3'] = process.argv.slice(2)
if (!Object.hasOwn(subjects, name)) {
  console.error(`peers.sh takes one of ${Object.keys(subjects).join(', ')}`)
  process.exit(2)
}
const { contenders, pinned, table, goals } = subjects[name]
const rows: Row[] = []
for (let round = 0; round < Number(rounds); round++)
  for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) rows.push(...run(contender))
process.stdout.write(table(rows))
for (const line of goalLines(rows, goals)) console.log(line)

/** With one thread where a library asks how many. One that does not run here is said, and left out. */
function run({ command, env, row = printed => printed }: Contender): Row[] {
  const core = String(Number(spawnSync('nproc', { encoding: 'utf8' }).stdout) - 1)
  const [program, ...words] = pinned ? ['taskset', '-c', core, ...command] : command
  const { stdout, status } = spawnSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1', JAX_PLATFORMS: 'cpu', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) {
    console.error(`left out: ${command.join(' ')} ended with ${status}`)
    return []
  }
  return (JSON.parse(stdout) as Row[]).map(row)
}
