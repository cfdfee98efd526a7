import * as zmq from 'zeromq'
import { withoutHolding } from '../../base/system.ts'

/** A key pair of CURVE, made in memory: the secret half never leaves this process. */
export type KeyPair = ReturnType<typeof zmq.curveKeyPair>

/** Where libzmq asks who may connect (ZAP, rfc.zeromq.org/spec/27); one per process. */
const ZAP = 'inproc://zeromq.zap.01'

/**
 * Who may connect to one listening socket. libzmq asks here for every client that has proved that it holds a
 * secret key; the answer waits until the public keys of all ranks are known. Each key enters once.
 *
 * Bound before the socket, and the socket demands it (`zapEnforceDomain`): without an answer nobody gets in.
 */
export class Gate {
  readonly #domain: string
  /** Public keys of those who may still come, by their bytes in hex. */
  readonly #expected = new Map<string, string>()
  #opened: () => void = () => {}
  readonly #open: Promise<void> = new Promise(resolve => {
    this.#opened = resolve
  })
  #allIn: () => void = () => {}
  readonly #complete: Promise<void> = new Promise(resolve => {
    this.#allIn = resolve
  })

  private constructor() {
    this.#domain = `gate ${++made}`
    gates.set(this.#domain, this)
  }

  static async bind(): Promise<Gate> {
    keeper ??= keep()
    await keeper
    return new Gate()
  }

  /** What a socket needs to stand behind this gate. */
  options(keys: KeyPair): zmq.SocketOptions<zmq.Pull> {
    return {
      ...{ curveServer: true, curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey },
      ...{ zapDomain: this.#domain, zapEnforceDomain: true },
    }
  }

  /** From now on whoever holds one of these keys gets in. @param publicKeys as zeromq writes them, in Z85. */
  allow(publicKeys: readonly string[]): void {
    for (const key of publicKeys) this.#expected.set(bytesOfKey(key).toString('hex'), key)
    if (this.#expected.size === 0) this.#allIn()
    this.#opened()
  }

  /**
   * Resolves with null when everybody who may has come; after `seconds` with a key that has not. Holds the process
   * until then: what listens does not.
   */
  async absent(seconds: number): Promise<string | null> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, seconds * 1000)
    })
    await Promise.race([this.#complete, late])
    clearTimeout(timer)
    const [key] = this.#expected.values()
    return key ?? null
  }

  async admits(key: Buffer): Promise<boolean> {
    await this.#open
    const admitted = this.#expected.delete(key.toString('hex'))
    if (this.#expected.size === 0) this.#allIn()
    return admitted
  }

  /** Nobody gets in any more. */
  close(): void {
    gates.delete(this.#domain)
    this.#expected.clear()
    this.#opened()
  }
}

let made = 0
const gates = new Map<string, Gate>()
let keeper: Promise<void> | null = null

/** Answers libzmq for all gates of this process, as long as it lives. */
async function keep(): Promise<void> {
  const socket = withoutHolding(() => new zmq.Reply({ linger: 0 }))
  process.once('exit', () => socket.close()) // zeromq aborts a process that ends with a receive() under way
  await socket.bind(ZAP)
  void answerAll(socket).catch(() => socket.close())
}

async function answerAll(socket: zmq.Reply): Promise<void> {
  for await (const [version, request, domain, , , mechanism, key] of socket) {
    const gate = mechanism.toString() === 'CURVE' ? gates.get(domain.toString()) : undefined
    const admitted = (await gate?.admits(key)) ?? false
    const [status, text] = admitted ? ['200', 'OK'] : ['400', 'not a rank of this job']
    await socket.send([version, request, status, text, '', ''])
  }
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** The 32 bytes of a key: five digits to the base 85 for each four (rfc.zeromq.org/spec/32). */
export function bytesOfKey(z85: string): Buffer {
  const bytes = Buffer.alloc((z85.length / 5) * 4)
  for (let at = 0; at < z85.length; at += 5) {
    const word = [...z85.slice(at, at + 5)].reduce((sum, digit) => sum * 85 + Z85.indexOf(digit), 0)
    bytes.writeUInt32BE(word, (at / 5) * 4)
  }
  return bytes
}
