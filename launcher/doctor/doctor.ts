import { Status } from '../../src/base/contract.ts'
import { newJobId } from '../../src/base/control.ts'
import { PporunError, UsageError } from '../../src/base/errors.ts'
import { agentJobsOf } from '../agentjob.ts'
import { flag, mpiStyle, type Option, parse, parseRun, text } from '../args.ts'
import { inspectHosts } from '../check.ts'
import { chooseHosts } from '../hosts/choose.ts'
import { launchOptions } from '../launchoptions.ts'
import { makePlan, type Plan } from '../plan.ts'
import { spawner } from '../spawn/spawn.ts'
import { install } from './install/install.ts'
import { type Measured, measureLinks, slowLinks } from './links.ts'
import { show } from './show.ts'
import { warningsOf } from './warnings.ts'

/** What finds the hosts and the way between them, as before SCRIPT. */
const ways = ['hostfile', 'host', 'launcher', 'ssh', 'iface', 'port-range', 'security', 'start-timeout']

export const options: Record<string, Option> = {
  ...Object.fromEntries(ways.map(name => [name, launchOptions[name]])),
  install: {
    type: 'string',
    describe: 'install an engine: tfjs-node-gpu or tfjs-node, in a cache outside node_modules',
  },
  json: { type: 'boolean', describe: 'print one JSON object and nothing else' },
}

/** `pporun doctor`: checks this machine, or all hosts and the links between them. Returns the exit status. */
export async function doctor(argv: readonly string[]): Promise<number> {
  const given = parse(mpiStyle(argv, options), options, false)
  const [stray] = given._ as string[]
  if (stray !== undefined) throw new UsageError(`unexpected '${stray}'; pporun doctor takes options only`)
  const engine = text('--install', given.install)
  if (engine !== null) return install(engine)
  const words = argv.filter(word => !/^--json(=|$)/.test(word))
  const args = parseRun([...words, 'train'])
  const { hosts, named } = chooseHosts(args)
  const plan = makePlan(hosts, { np: hosts.length, mapBy: 'node', oversubscribe: true })

  const notes: string[] = []
  const jobId = newJobId()
  const starter = spawner({ jobId, ssh: args.ssh })
  const jobs = agentJobsOf(args, plan, jobId)
  const inspected = await inspectHosts(plan, starter, jobs, note => notes.push(note))
  const failures = inspected.flatMap(({ problem }) => problem ?? [])
  const measured = failures.length > 0 ? null : await tryLinks(plan, words, failures)
  const names = plan.hosts.map(({ name }) => name)
  const warnings = [
    ...notes,
    ...inspected.flatMap(warningsOf),
    ...(measured ? slowLinks(measured.links, names) : []),
  ]
  const curve = named && plan.hosts.length > 1 && args.security === 'curve'
  process.stdout.write(show({ inspected, measured, curve, warnings, failures }, flag(given.json)))
  return failures.length > 0 ? Status.failure : Status.success
}

/** What goes wrong there is a failure like others; the job has said on stderr which. */
async function tryLinks(plan: Plan, words: string[], failures: string[]): Promise<Measured | null> {
  try {
    return await measureLinks(plan, words)
  } catch (error) {
    if (!(error instanceof PporunError)) throw error
    failures.push(`links: ${error.message}; the lines above say why`)
    return null
  }
}
