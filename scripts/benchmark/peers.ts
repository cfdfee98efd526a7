/** Runs pporun and its peers in turn on one core and prints medians, spread and ratios; started by peers.sh. */
import { spawnSync } from 'node:child_process'

/** What one of them prints: a JSON array of rows, with these fields and others. */
interface Row {
  system: string
  env?: string
  stepsPerSecond: number
  [other: string]: string | number | undefined
}

interface Contender {
  command: string[]
  /** Of rows that say none themselves. */
  system?: string
}

const python = (name: string, script: string): string[] => [
  `.cache/peers/${name}/bin/python`,
  `scripts/benchmark/peers/${script}.py`,
]
const pporun = (...words: string[]): string[] => ['node', 'launcher/pporun.mjs', ...words]

const subjects: Record<string, Contender[]> = {
  env: [
    {
      system: 'pporun',
      command: pporun(
        'bench',
        'env',
        '--json',
        '--num-envs',
        '1024',
        '--env',
        'CartPole-v1,Pendulum-v1,Acrobot-v1',
      ),
    },
    { command: python('jax', 'gymnax_env') },
    { command: python('torch', 'torch_env') },
  ],
}

const [subject = '', rounds = '3'] = process.argv.slice(2)
if (!Object.hasOwn(subjects, subject)) {
  console.error(`peers.sh takes one of ${Object.keys(subjects).join(', ')}`)
  process.exit(2)
}
const rows: Row[] = []
for (let round = 0; round < Number(rounds); round++)
  for (const contender of subjects[subject]) rows.push(...run(contender))
process.stdout.write(table(rows))

/** On the last core, with one thread where a library asks how many. */
function run({ command, system }: Contender): Row[] {
  const core = String(Number(spawnSync('nproc', { encoding: 'utf8' }).stdout) - 1)
  const env = { ...process.env, OMP_NUM_THREADS: '1', JAX_PLATFORMS: 'cpu' }
  const { stdout, status } = spawnSync('taskset', ['-c', core, ...command], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`)
  const printed = JSON.parse(stdout) as Row[]
  return printed.map(row => ({ ...row, system: row.system ?? system }))
}

/** A line per environment and system: the median of each number, and how far the rates lie apart. */
function table(all: Row[]): string {
  const envs = [...new Set(all.map(({ env = '' }) => env))]
  const others = [...new Set(all.flatMap(row => Object.keys(row)))].filter(
    name => !['env', 'system', 'numEnvs', 'nsPerStep', 'stepsPerSecond'].includes(name),
  )
  const head = ['environment', 'system', 'steps/s (median)', 'min .. max', 'pporun / it', ...others]
  const lines = envs.flatMap(env => {
    const ofEnv = all.filter(row => (row.env ?? '') === env)
    const rate = (system: string) =>
      median(
        ofEnv.filter(row => row.system === system),
        'stepsPerSecond',
      )
    return [...new Set(ofEnv.map(({ system }) => system))].map(system => {
      const own = ofEnv.filter(row => row.system === system)
      const rates = own.map(({ stepsPerSecond }) => stepsPerSecond)
      const spread = `${short(Math.min(...rates))} .. ${short(Math.max(...rates))}`
      const ratio = (rate('pporun') / rate(system)).toFixed(2)
      return [
        env,
        system,
        short(rate(system)),
        spread,
        ratio,
        ...others.map(name => short(median(own, name))),
      ]
    })
  })
  return `${[head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function median(from: Row[], name: string): number {
  const values = from.map(row => Number(row[name])).sort((a, b) => a - b)
  return values[values.length >> 1]
}

function short(value: number): string {
  if (Number.isNaN(value)) return ''
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : String(Number(value.toPrecision(3)))
}
