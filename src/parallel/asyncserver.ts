import type { Communicator } from '../collective/communicator.ts'
import { makeOptimizer } from '../engine/select.ts'
import type { TrainConfig } from '../ppo/config.ts'
import { ppo } from '../ppo/ppo.ts'
import type { Strategy } from '../ppo/strategy.ts'
import { apart, finish } from './apart.ts'
import { asyncWorker } from './servers/asyncworker.ts'
import { Kind, letterFor, tell } from './servers/letters.ts'
import {
  ParameterServer,
  packServed,
  type Served,
  servedLength,
  unpackServed,
} from './servers/parameterserver.ts'
import { Reports } from './servers/reports.ts'
import { cutLayout, type Slice, slicesOf } from './servers/slices.ts'
import { stalenessFigures } from './staleness.ts'
import type { Setting, Way } from './way.ts'

/**
 * A parameter server that waits for nobody (Downpour SGD, Dean et al. 2012; bounded delay as Li et al. 2014): every worker
 * runs the loop of ppo.ts on its own shards, pushes each gradient with the version that it was computed on, and goes on with
 * what the servers have by then. The first server runs the loop too, without rows: its updates are made of workers' reports.
 */
export async function asyncServer(setting: Setting): Promise<Way> {
  const { config, comm, engine } = setting
  const alone = (await comm.split(comm.rank)) as Communicator
  const slices = slicesOf(engine.layout.size, config.servers)
  if (comm.rank >= config.servers) return asyncWorker(setting, alone, slices)
  return comm.rank === 0 ? firstServer(setting, alone, slices) : otherServer(setting, alone, slices)
}

function firstServer(setting: Setting, alone: Communicator, slices: Slice[]): Way {
  const { sizes, comm, engine } = setting
  const server = serverOf(setting, slices)
  const reports = new Reports(sizes.numShards, sizes.numUpdates)
  const optimizer = makeOptimizer(engine) // holds what the servers do, between updates
  server.reported = report => reports.add(report)
  let listening: Promise<unknown> = Promise.resolve()
  const strategy: Strategy = {
    ...apart(alone, sizes.numShards),
    samples: NOTHING,
    learns: null,
    prepare: state => {
      server.begin(state)
      reports.begin(state.update)
      listening = serveAll(server, workersOf(setting)).catch(error => reports.fail(error))
    },
    collect: rollout => reports.next(rollout),
    credit: () => {},
    agree: async (state, totals) => {
      reports.takeTotals(totals)
      const adam = { ...optimizer.state }
      await gather(setting, server, slices, { parameters: state.parameters, adam })
      optimizer.state = adam // the powers are the first server's
    },
    waited: () => reports.waited,
    traffic: () => ({ push: { bytes: server.received }, pull: { bytes: server.sent } }),
    figures: () => stalenessFigures(server.ages.splice(0), server.dropped),
  }
  const train: typeof ppo = async (config, sizes, state, parts) => {
    await ppo(config, sizes, state, parts)
    reports.end()
    await listening
    reports.check()
    await tellOthers(comm, slices, Kind.gone)
    await finish(comm, engine, state)
  }
  return { strategy, engine, optimizer, train }
}

function otherServer(setting: Setting, alone: Communicator, slices: Slice[]): Way {
  const { sizes, comm, engine } = setting
  const server = serverOf(setting, slices)
  const strategy: Strategy = { ...apart(alone, sizes.numShards), samples: NOTHING, learns: null }
  const train: typeof ppo = async (_config, _sizes, state, { phase }) => {
    phase('learn')
    server.begin(state)
    await serveAll(server, [0, ...workersOf(setting)])
    await finish(comm, engine, state)
  }
  return { strategy, engine, optimizer: makeOptimizer(engine), train }
}

const NOTHING = { first: 0, last: 0 }

const workersOf = ({ config, comm }: Setting): number[] =>
  Array.from({ length: comm.size - config.servers }, (_, k) => config.servers + k)

const serveAll = (server: ParameterServer, ranks: number[]): Promise<unknown> =>
  Promise.all(ranks.map(rank => server.serve(rank)))

function serverOf({ config, comm, engine }: Setting, slices: Slice[]): ParameterServer {
  const slice = slices[comm.rank]
  const inner = makeOptimizer({ name: engine.name, layout: cutLayout(engine.layout, slice) })
  return new ParameterServer(comm, config, slice, inner)
}

/** Puts all slices, as they are now, into the whole. */
async function gather(
  { comm }: Setting,
  server: ParameterServer,
  slices: Slice[],
  whole: Served,
): Promise<void> {
  await tellOthers(comm, slices, Kind.gather)
  for (let other = 1; other < slices.length; other++) {
    const block = new Float64Array(servedLength(slices[other]))
    await comm.recv(block, other)
    unpackServed(block, slices[other], whole)
  }
  unpackServed(packServed(server.served), slices[0], whole)
}

async function tellOthers(comm: Communicator, slices: Slice[], kind: number): Promise<void> {
  for (let other = 1; other < slices.length; other++) await tell(comm, other, letterFor(slices[other]), kind)
}

/** What cannot be, as a sentence; null: it can. */
export function serverProblem(config: TrainConfig): string | null {
  const { async, maxStaleness, normalizeObservations, normalizeRewards } = config
  if (!async)
    return maxStaleness === null ? null : '--max-staleness is for servers that wait for nobody: add --async'
  if (normalizeObservations || normalizeRewards)
    return '--async has no moments that all workers share: leave out --normalize-observations and --normalize-rewards'
  return null
}
