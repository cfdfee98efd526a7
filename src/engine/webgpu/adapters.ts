import type { Adapter, Api, Gpu } from './api.ts'
import { showAll, showOnly } from './layer/layer.ts'

/** Adapters of a host, and which of them is a rank's. */

export interface OpenAdapter {
  gpu: Gpu
  adapter: Adapter
  /** With its place among those of the same name. */
  name: string
}

/**
 * The adapter in the given place of those that compute on a GPU, else of those that are software; counted round. Null:
 * there is none.
 */
export async function openAdapter(api: Api, place: number): Promise<OpenAdapter | null> {
  const own = ownOf(await withoutSoftware(api, await listAdapters(api)), place)
  if (!own) return request(api)
  if (own.equals === 1) return request(api, own.name)
  try {
    const before = (await showsOnly(api, own)) ? own.before : 0
    const opened = await request(api, own.name)
    return opened && { ...opened, name: `${opened.name}, ${before + 1} of ${own.equals}` }
  } finally {
    showAll()
  }
}

/** A name that several adapters may have. */
export interface Own {
  name: string
  /** How many of that name come before it. */
  before: number
  /** How many there are. */
  equals: number
}

/** Null: Dawn's first choice, for want of another. */
export function ownOf(names: readonly string[], place: number): Own | null {
  if (names.length < 2) return null
  const index = place % names.length
  const count = (list: readonly string[]) => list.filter(name => name === names[index]).length
  return { name: names[index], before: count(names.slice(0, index)), equals: count(names) }
}

/** Names of all adapters in Dawn's order: it says them where it is asked for one that cannot be. */
async function listAdapters(api: Api): Promise<string[]> {
  try {
    await create(api, 'none of this name').requestAdapter(FASTEST)
    return []
  } catch (error) {
    return [...(error as Error).message.matchAll(/^ \* backend: '.*', name: '(.*)'$/gm)].map(
      ([, name]) => name,
    )
  }
}

async function withoutSoftware(api: Api, names: string[]): Promise<string[]> {
  if (names.length < 2) return names
  const isSoftware = new Map<string, boolean>()
  for (const name of new Set(names))
    isSoftware.set(name, (await request(api, name))?.adapter.info.isFallbackAdapter !== false)
  const real = names.filter(name => !isSoftware.get(name))
  return real.length > 0 ? real : names
}

/** Hides the others of its name from Dawn, which would take the first. @returns whether they are hidden */
async function showsOnly(api: Api, { name, before }: Own): Promise<boolean> {
  showOnly(name, before)
  return (await listAdapters(api)).filter(shown => shown === name).length === 1
}

/** Dawn's first choice, or that of a name; null: libvulkan is not there, for one. */
async function request(api: Api, name?: string): Promise<OpenAdapter | null> {
  try {
    const gpu = create(api, name)
    const adapter = await gpu.requestAdapter(FASTEST)
    return adapter && { gpu, adapter, name: nameOf(adapter) }
  } catch {
    return null
  }
}

const FASTEST = { powerPreference: 'high-performance' } as const

function create(api: Api, name?: string): Gpu {
  const backend = process.platform === 'darwin' ? 'metal' : 'vulkan'
  // Kernels stay inside their arrays by themselves; Dawn's own checks make them take twice as long.
  const flags = [`backend=${backend}`, 'enable-dawn-features=disable_robustness']
  return api.create(name === undefined ? flags : [...flags, `adapter=${name}`])
}

/** `swiftshader-device-subzero (SwiftShader driver 5.0.0), software on x64 CPU`: Dawn has no other name. */
function nameOf({ info: { vendor, device, description, isFallbackAdapter } }: Adapter): string {
  const name = `${device.replace(/-+$/, '') || vendor || 'GPU'}${description && ` (${description})`}`
  return isFallbackAdapter ? `${name}, software on ${process.arch} CPU` : name
}
