import { fileURLToPath } from 'node:url'
import { addVulkanLayer } from '../../../base/contract.ts'
import { openLibrary } from '../../../base/native.ts'

/** The layer of only.c: Linux has Vulkan, and it is compiled for x64 and arm64. */

const NAME = 'VK_LAYER_PPORUN_only'
const folder = new URL('../../../../../src/engine/webgpu/layer/', import.meta.url)

type Show = (name: string, before: number) => void

/** null: not for this machine; undefined: not asked for yet. */
let show: Show | null | undefined

/** Vulkan's devices are now one: that of this name which so many others of the name come before. */
export function showOnly(name: string, before: number): void {
  show ??= load()
  show?.(name, before)
}

export function showAll(): void {
  show?.('', -1)
}

function load(): Show | null {
  const library = openLibrary(new URL('built/', folder), 'only', ['void showOnly(const char*, int)'])
  if (!library) return null
  addVulkanLayer(fileURLToPath(new URL(`${process.platform}-${process.arch}/`, folder)), NAME)
  return library.showOnly as Show
}
