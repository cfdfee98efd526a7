import { median } from '../base/math/median.ts'

/**
 * What communication costs on some machine, as `pporun bench allreduce` measures it; shared by the formulae (model.ts)
 * and the simulation. Times are milliseconds; sizes bytes.
 */
export interface Costs {
  /** Messages between two ranks, by rising size. */
  messages: readonly MessageCost[]
  /** What ranks of one host do through memory; null: they share none. */
  memory: MemoryCost | null
  /** gamma: of a byte that is added to another. */
  reduce: number
}

/** alpha + beta of one message of this size. */
export interface MessageCost {
  bytes: number
  /** From the sender's call until the receiver has it. */
  time: number
  /** Of processors: of the sender and the receiver together, each half. */
  work: number
}

export interface MemoryCost {
  /** Until all have seen that all have come. */
  meeting: number
  /** Of a rank that has waited for so long that it has fallen asleep. */
  wake: number
  /** Of a byte that is copied. */
  copy: number
}

/** A network between hosts, beside what the hosts themselves need for a message. */
export interface Link {
  name: string
  /** One way. */
  latency: number
  /** Per byte; the ranks of a host share it. */
  byte: number
}

const gigabits = (rate: number): number => 8 / (rate * 1e6)

/**
 * Links to predict for: line rates, with the latency of a switched Ethernet of that kind beyond what a loopback has,
 * and of two sites some 2 000 km apart.
 */
export const links: Record<string, Link> = {
  '10GbE': { name: '10GbE', latency: 0.02, byte: gigabits(10) },
  '25GbE': { name: '25GbE', latency: 0.01, byte: gigabits(25) },
  '100GbE': { name: '100GbE', latency: 0.005, byte: gigabits(100) },
  WAN: { name: 'WAN', latency: 20, byte: gigabits(1) },
}

/** What was measured several times: of each cost the median. */
export function middleOf(costs: readonly Costs[]): Costs {
  const of = (pick: (one: Costs) => number) => median(costs.map(pick))
  const [{ messages, memory }] = costs
  return {
    messages: messages.map(({ bytes }, k) => ({
      ...{ bytes, time: of(one => one.messages[k].time), work: of(one => one.messages[k].work) },
    })),
    memory: memory && {
      meeting: of(one => one.memory!.meeting),
      wake: of(one => one.memory!.wake),
      copy: of(one => one.memory!.copy),
    },
    reduce: of(({ reduce }) => reduce),
  }
}

/** A message of any size: straight lines between those that were measured, and on beyond the last. */
export function messageCost({ messages }: Pick<Costs, 'messages'>, bytes: number): MessageCost {
  const last = messages.length - 1
  const k = Math.min(
    Math.max(
      1,
      messages.findIndex(at => at.bytes >= bytes),
    ) || last,
    last,
  )
  const [a, b] = [messages[Math.max(0, k - 1)], messages[k]]
  const share = b.bytes === a.bytes ? 0 : (Math.max(bytes, messages[0].bytes) - a.bytes) / (b.bytes - a.bytes)
  const between = (from: number, to: number) => Math.max(0, from + share * (to - from))
  return { bytes, time: between(a.time, b.time), work: between(a.work, b.work) }
}
