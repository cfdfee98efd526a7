import { WIRE_VERSION } from '../base/contract.ts'
import { PporunError } from '../base/errors.ts'

/** What ranks do together, by the number that frames carry; an allreduce goes by its reduction. */
export const Op = {
  sum: 1,
  max: 2,
  allgather: 3,
  broadcast: 4,
  barrier: 5,
  mean: 6,
  min: 7,
  gather: 8,
  'reduceScatter sum': 9,
  'reduceScatter mean': 10,
  'reduceScatter max': 11,
  'reduceScatter min': 12,
  split: 13,
  send: 14,
} as const
export type OpName = keyof typeof Op

/** The element types that frames carry. */
export const DType = { float32: 1, float64: 2, int32: 3, uint8: 4 } as const
export type DTypeName = keyof typeof DType

/**
 * What a frame says of itself and of the call it belongs to. Two ranks whose headers differ are in different calls:
 * an immediate error on both instead of a hang or a wrong sum (ARCHITECTURE decision 13).
 */
export interface Header extends Call {
  /** Which message of that collective. */
  step: number
}

/** The call itself, which all its frames name. */
export interface Call {
  source: number
  /** Counts connect() calls, so that frames of an older one are refused. */
  epoch: number
  /** Which communicator of that epoch (group.ts). */
  group: number
  /** Which collective on it; which message of the pair, for send(). */
  sequence: number
  op: number
  dtype: number
  /** Elements of the whole array; -1 where ranks may differ. */
  length: number
  /** Hash of what the elements mean (engine/layout.ts), 32 bits without a sign; 0 if nothing in particular. */
  layoutHash: number
}

export interface Frame {
  header: Header
  payload: Uint8Array
}

/** Where frames belong: all others are strays. */
export interface Place {
  /** The job, as a number of 32 bits. */
  job: number
  /** Which of its communicators; counts connect() calls. */
  epoch: number
}

const MAGIC = 0x50504f52 // "PPOR"
const WORDS = 12
export const HEADER_BYTES: number = WORDS * 4

/** @param job as in Place. */
export function encodeHeader(header: Header, { job }: Pick<Place, 'job'>): Uint8Array {
  const { source, epoch, group, sequence, step, op, dtype, length, layoutHash } = header
  const call = [source, epoch, group, sequence, step, op, dtype, length, layoutHash]
  return new Uint8Array(Int32Array.of(MAGIC, WIRE_VERSION, job, ...call).buffer)
}

/** The header, or null if the bytes are not one of this place: such messages are dropped. */
export function decodeHeader(bytes: Uint8Array, { job, epoch }: Place): Header | null {
  if (bytes.length !== HEADER_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  const word = (i: number) => view.getInt32(i * 4, true)
  if (word(0) !== MAGIC || word(1) !== WIRE_VERSION || word(2) !== (job | 0) || word(4) !== epoch) return null
  return {
    source: word(3),
    epoch,
    group: word(5),
    sequence: word(6),
    step: word(7),
    op: word(8),
    dtype: word(9),
    length: word(10),
    layoutHash: word(11) >>> 0,
  }
}

/** A frame as one message, in memory of its own: the header, then the payload. */
export function packFrame({ header, payload }: Frame, place: Place): Uint8Array {
  const message = Buffer.allocUnsafeSlow(HEADER_BYTES + payload.length)
  message.set(encodeHeader(header, place))
  message.set(payload, HEADER_BYTES)
  return message
}

/** And back, over the message's memory; null if it is not one of this place. */
export function unpackFrame(message: Uint8Array, place: Place): Frame | null {
  const header = decodeHeader(message.subarray(0, HEADER_BYTES), place)
  return header && { header, payload: message.subarray(HEADER_BYTES) }
}

/**
 * What keeps frames in order: a peer's frames on one channel. Each communicator has two, one for collectives and
 * one for send(), so that neither disturbs another's order, however far ahead of its peers a rank is.
 */
export const channelOf = ({ group, op }: Pick<Header, 'group' | 'op'>): number =>
  2 * group + (op === Op.send ? 1 : 0)

/** Two ranks are in different calls. */
export class MismatchError extends PporunError {}

/** Throws unless `theirs` belongs to the call that `ours` describes. */
export function checkSameCall(ours: Header, theirs: Header): void {
  const fields = ['epoch', 'group', 'sequence', 'step', 'op', 'dtype', 'length', 'layoutHash'] as const
  if (!fields.every(field => ours[field] === theirs[field])) throw mismatch(ours, theirs)
}

const mismatch = (ours: Header, theirs: Header): MismatchError =>
  new MismatchError(`ranks are in different calls: ${describe(ours)}, but ${describe(theirs)}`)

/** In place of a message's number: the frame says that its sender has seen two calls that differ. */
const OBJECTION = -1

/** Tells the ranks of a call of a disagreement: in a ring, or around a server, most would just wait. */
export function objection(ours: Call, theirs: Header): Frame {
  return { header: { ...ours, step: OBJECTION }, payload: encodeHeader(theirs, { job: 0 }) }
}

/** The error that an objection stands for; null for a frame that is none. */
export function objectionIn({ header, payload }: Frame): MismatchError | null {
  if (header.step !== OBJECTION) return null
  const theirs = decodeHeader(payload, { job: 0, epoch: header.epoch })
  return theirs && mismatch({ ...header, step: theirs.step }, theirs)
}

function describe(h: Header): string {
  const group = h.group ? `, group ${h.group}` : ''
  const layout = h.layoutHash ? `, layout ${h.layoutHash.toString(16)}` : ''
  const [call, how] = callOf(nameOf(Op, h.op))
  return `rank ${h.source} is in ${call} #${h.sequence} (${how && `${how}, `}${describeArray(h)}${layout}, epoch ${h.epoch}${group}, message ${h.step})`
}

/** What the script called, and with which reduction: frames tell an allreduce by the latter. */
function callOf(op: string): [call: string, reduction: string] {
  if (['sum', 'mean', 'max', 'min'].includes(op)) return ['allreduce', op]
  const [call, reduction = ''] = op.split(' ')
  return [call, reduction]
}

/** What the script called, by what frames say. */
export const callNames: Record<OpName, string> = Object.fromEntries(
  Object.keys(Op).map(op => [op, callOf(op)[0]]),
) as Record<OpName, string>

/** Type and length: `float32 of 7 elements`. */
export function describeArray({ dtype, length }: Pick<Header, 'dtype' | 'length'>): string {
  return nameOf(DType, dtype) + (length < 0 ? '' : ` of ${length} elements`)
}

function nameOf(names: Record<string, number>, value: number): string {
  return Object.keys(names).find(name => names[name] === value) ?? `unknown(${value})`
}
