import type { AllreduceChoice } from '../base/contract.ts'
import { Purpose, uniform } from '../base/math/streams.ts'
import { ProgressWriter, progressBytes } from '../base/progress.ts'
import { Communicator } from '../collective/communicator.ts'
import { inprocTransports } from '../collective/inproc.ts'
import { type Reduce, type ReduceOp, reductions } from '../collective/reduce.ts'
import { VirtualClock } from '../collective/virtualclock.ts'
import { type Cluster, hostOf, SimulatedNetwork } from './cluster.ts'
import { SimulatedHost, SimulatedMemory } from './memory.ts'

/** More are more messages than one process holds. */
export const MOST_SIMULATED = 1024

/** A rank of a cluster that is not there. */
export interface SimulatedRank {
  /** The real one: what it does is what it does between processes. */
  comm: Communicator
  /** Computes for so long. */
  compute(milliseconds: number): Promise<void>
  /** Milliseconds of the simulation. */
  now(): number
  /** In [0, 1): the next of this rank's own numbers. */
  random(): number
}

export interface SimulateOptions {
  allreduce?: AllreduceChoice
  seed?: number
}

/**
 * Runs `program` on every rank of a cluster that is not there, with the real communicator over simulated links, cores and
 * memory; in virtual time, so that it takes as long as the code that it runs. The same seed gives the same time.
 * @returns milliseconds of the simulation until all ranks are done.
 */
export async function simulate(
  cluster: Cluster,
  { allreduce = 'auto', seed = 0 }: SimulateOptions,
  program: (rank: SimulatedRank) => Promise<void>,
): Promise<number> {
  const clock = new VirtualClock()
  const network = new SimulatedNetwork(cluster, clock)
  const transports = inprocTransports(cluster.ranks, network)
  const communicators = communicatorsOf(cluster, network, transports, allreduce)
  const ranks = communicators.map((comm, rank): SimulatedRank => {
    let drawn = 0
    return {
      comm,
      compute: milliseconds => network.compute(rank, milliseconds),
      now: () => clock.now(),
      random: () => uniform(seed, Purpose.simulation, rank, drawn++, 0),
    }
  })
  let end = 0
  const run = async (rank: SimulatedRank) => {
    await program(rank)
    await rank.compute(0) // sums that it still has to make
    end = Math.max(end, clock.now())
  }
  try {
    await clock.run(Promise.all(ranks.map(run)))
  } finally {
    for (const transport of transports) transport.close()
  }
  return end
}

function communicatorsOf(
  cluster: Cluster,
  network: SimulatedNetwork,
  transports: ReturnType<typeof inprocTransports>,
  allreduce: AllreduceChoice,
): Communicator[] {
  const { ranks, ranksPerHost, costs } = cluster
  const nodes = transports.map((_, rank) => hostOf(cluster, rank))
  const hosts = Array.from({ length: nodes[ranks - 1] + 1 }, (_, host) => {
    const first = host * ranksPerHost
    return new SimulatedHost(first, Math.min(ranksPerHost, ranks - first))
  })
  return transports.map((transport, rank) => {
    const host = hosts[nodes[rank]]
    const memory =
      costs.memory && host.size > 1 ? new SimulatedMemory(host, rank, network, costs.memory) : undefined
    return new Communicator(transport, {
      epoch: 1,
      opTimeout: 1e6,
      localRank: rank - host.first,
      localSize: host.size,
      nodes,
      allreduce,
      progress: new ProgressWriter(new ArrayBuffer(progressBytes(1)), 0),
      memory,
      levels: costs.memory !== null && ranksPerHost > 1 && ranks > 1,
      reductions: charged(costs.reduce, bytes => network.threads[rank].work(network.clock.now(), bytes)),
    })
  })
}

/** Reductions whose time is taken from the rank that makes them. */
function charged(perByte: number, work: (milliseconds: number) => void): Record<ReduceOp, Reduce> {
  const charge =
    (reduce: Reduce): Reduce =>
    (target, source) => {
      work(perByte * target.byteLength)
      reduce(target, source)
    }
  const { sum, mean, max, min } = reductions
  return { sum: charge(sum), mean: charge(mean), max: charge(max), min: charge(min) }
}
