import { allreduceChoices, Limit, transportChoices } from '../src/base/contract.ts'
import { faultKinds } from '../src/base/fault.ts'
import type { Option } from './args.ts'
import { launchers } from './hosts/choose.ts'

/** What may stand before SCRIPT. */
export const launchOptions: Record<string, Option> = {
  np: { type: 'string', value: 'N', describe: 'number of ranks', common: true },
  hostfile: {
    type: 'string',
    value: 'FILE',
    describe: 'hosts and their slots, one host a line (-H a:2,b names them here)',
    common: true,
  },
  host: {
    type: 'array',
    value: 'LIST',
    describe: 'hosts, as in a:2,node[01-04]:8 (also -H); filters --hostfile',
  },
  launcher: {
    type: 'string',
    value: 'HOW',
    describe: `what starts agents elsewhere: ${launchers.join(', ')} (auto: srun in Slurm, else ssh)`,
  },
  'map-by': {
    type: 'string',
    value: 'HOW',
    describe: 'slot: fill one host after the other; node: one rank to each in turn (slot)',
  },
  oversubscribe: { type: 'boolean', describe: 'more ranks than the hosts have slots' },
  out: {
    type: 'string',
    value: 'DIR',
    describe: 'folder of the run (default runs/<script>-<date>-<time>)',
    common: true,
  },
  'tag-output': {
    type: 'boolean',
    describe: "show every rank's output, each line with its rank",
    common: true,
  },
  'timestamp-output': { type: 'boolean', describe: 'begin each line of output with the time' },
  timeline: {
    type: 'boolean',
    describe: 'record what every rank does and when, into timeline.json (Perfetto)',
  },
  verbose: { type: 'boolean', describe: 'say when each step of the start is done, and what was chosen' },
  quiet: { type: 'boolean', describe: "show only the ranks' own output and errors" },
  check: { type: 'boolean', describe: 'make every check of a start on every host, and start no rank' },
  'require-gpu': {
    type: 'boolean',
    describe: 'refuse hosts without a GPU, and ranks that do not train on one',
  },
  'dry-run': { type: 'boolean', describe: 'print which rank would run where, and stop' },
  'on-failure': {
    type: 'string',
    value: 'HOW',
    describe:
      'when a rank or host is lost: abort; shrink: go on without it; replace: and start another (abort)',
  },
  'min-np': { type: 'string', value: 'N', describe: 'fewer ranks than this do not go on (1)' },
  'op-timeout': {
    type: 'string',
    value: 'S',
    describe: `seconds to wait for a rank in a collective (${Limit.operation})`,
  },
  transport: {
    type: 'string',
    value: 'HOW',
    describe: `what carries the sums: ${transportChoices.join(', ')} (auto: shm on one host)`,
  },
  allreduce: {
    type: 'string',
    value: 'HOW',
    describe: `how gradients are added up: ${allreduceChoices.join(', ')} (auto)`,
  },
  security: {
    type: 'string',
    value: 'HOW',
    describe: 'of connections between hosts: curve (authenticated, encrypted; the default) or none',
  },
  'start-timeout': {
    type: 'string',
    value: 'S',
    describe: `seconds until all ranks have met (${Limit.start})`,
  },
  timeout: { type: 'string', value: 'S', describe: 'seconds for the whole job (no limit)' },
  grace: {
    type: 'string',
    value: 'S',
    describe: `seconds from TERM to KILL when a job is ended (${Limit.grace})`,
  },
  x: {
    type: 'array',
    value: 'NAME[=VALUE]',
    describe: 'NAME or NAME=VALUE for the environment of the ranks; may be repeated',
  },
  ssh: {
    type: 'string',
    value: 'CMD',
    describe: "the ssh client and options for it, as 'ssh -F file' (ssh)",
  },
  iface: {
    type: 'string',
    value: 'NAME|CIDR',
    describe: 'interface (eth0) or network (10.0.0.0/8) between hosts (what answers)',
  },
  'port-range': { type: 'string', value: 'A-B', describe: 'A-B: ports to listen on, for firewalls (any)' },
  wdir: { type: 'string', value: 'DIR', describe: 'working directory of the ranks (this one)' },
  requeue: {
    type: 'boolean',
    describe:
      'in a Slurm job: when ended early, go back into the queue, and then on from the newest checkpoint',
  },
  fault: {
    type: 'array',
    value: 'SPEC',
    describe: `for tests, as in rank=2,update=5,op=1,kind=kill9: what goes wrong where (${faultKinds.join(', ')})`,
  },
}
