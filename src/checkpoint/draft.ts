import { createHash, type Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { serialize } from 'node:v8'
import { ABOUT, type About, readAbout, sealed } from './about.ts'
import { pointTo, remove } from './folder.ts'
import { headerOf, type NamedTensor } from './safetensors.ts'

/** What holds everything but vectors, and a vector. */
export const STATE = 'state.v8'
export const fileOf = (vector: string): string => `${vector}.safetensors`
export const nameIn = (file: string): string[] => /^(.+)\.safetensors$/.exec(file)?.slice(1) ?? []

/** The last bytes of a disk are for metrics and logs: to use them up would end the job. */
const RESERVE = 1 << 19

/** A checkpoint while it is written, aside. Its vectors come in blocks: nobody has to hold one whole. */
export class Draft {
  readonly #path: string
  readonly #temporary: string
  readonly #tensors: readonly NamedTensor[]
  readonly #files = new Map<string, { file: FileHandle; hash: Hash }>()

  /** @param tensors of every vector, in order */
  constructor(runFolder: string, steps: number, tensors: readonly NamedTensor[]) {
    this.#path = join(runFolder, 'checkpoints', String(steps))
    this.#temporary = `${this.#path}.${process.pid}.tmp`
    this.#tensors = tensors
  }

  /** Makes room for so many vectors: throws if the disk has none. */
  async begin(vectors: number): Promise<void> {
    await mkdir(this.#temporary, { recursive: true })
    await this.#refuseIfFull(4 * vectors * this.#tensors.reduce((sum, { size }) => sum + size, 0))
  }

  /** The next block of a vector. */
  async write(vector: string, block: Float32Array): Promise<void> {
    const name = fileOf(vector)
    if (!this.#files.has(name)) await this.#append(name, headerOf(this.#tensors))
    await this.#append(name, new Uint8Array(block.buffer, block.byteOffset, block.byteLength))
  }

  /** All blocks have come: puts the checkpoint in its place and points `latest` at it. Returns its path. */
  async seal(about: About, state: unknown): Promise<string> {
    const bytes = serialize(state)
    await this.#refuseIfFull(bytes.length)
    await this.#append(STATE, bytes)
    const files = Object.fromEntries([...this.#files].map(([name, { hash }]) => [name, hash.digest('hex')]))
    await this.#append(ABOUT, sealed({ ...about, files }))
    await this.#close()
    if (existsSync(this.#path)) await remove(this.#path)
    await rename(this.#temporary, this.#path)
    const parent = dirname(this.#path)
    pointTo(parent, 'latest', basename(this.#path))
    if (isBest(parent, about)) pointTo(parent, 'best', basename(this.#path))
    return this.#path
  }

  /** It will not be sealed. */
  async discard(): Promise<void> {
    await this.#close().catch(() => {})
    await rm(this.#temporary, { recursive: true, force: true }).catch(() => {})
  }

  async #append(name: string, bytes: Uint8Array): Promise<void> {
    let entry = this.#files.get(name)
    if (!entry) {
      entry = { file: await open(join(this.#temporary, name), 'w'), hash: createHash('sha256') }
      this.#files.set(name, entry)
    }
    entry.hash.update(bytes)
    await entry.file.writeFile(bytes)
  }

  /** What has been written is on the disk. */
  async #close(): Promise<void> {
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const { file } of files)
      try {
        await file.sync()
      } finally {
        await file.close()
      }
  }

  async #refuseIfFull(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#temporary)
    if (bavail * bsize < bytes + RESERVE)
      throw new Error(`ENOSPC: it takes ${bytes} bytes, and ${bavail * bsize} are free`)
  }
}

/** Of those with a score; of equal ones the earliest. */
function isBest(parent: string, { score }: About): boolean {
  if (score === null) return false
  try {
    const { score: best } = readAbout(join(parent, 'best'))
    return score > (best ?? Number.NEGATIVE_INFINITY)
  } catch {
    return true // there is none, or it is damaged
  }
}
