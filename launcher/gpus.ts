import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { visibleDevices } from '../src/base/contract.ts'

/** The GPUs of this host, in the words of CUDA_VISIBLE_DEVICES. */

/** nvidia-smi takes seconds where no process keeps the driver awake. */
const PATIENCE = 10_000 // ms

/**
 * What nvidia-smi lists, cut down to what CUDA_VISIBLE_DEVICES, else Slurm, has left to this job. Empty without
 * NVIDIA's driver.
 * @param asked CUDA_VISIBLE_DEVICES as the job's own variables have it; undefined: as it is here.
 */
export function findGpus(asked?: string): string[] {
  listed ??= list()
  const { cuda, slurm } = visibleDevices()
  return choose(listed, asked ?? cuda, slurm)
}

let listed: string | undefined

function list(): string {
  const { status, stdout } = spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8', timeout: PATIENCE })
  return status === 0 ? stdout : ''
}

/** Whether another maker's GPU may be here, for Vulkan or Metal: what a rank really computes on it alone can say. */
export function mayHaveGpu(): boolean {
  if (process.platform === 'darwin') return true
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
  return existsSync('/dev/dxg') || list('/dev/dri').some(name => name.startsWith('renderD'))
}

/**
 * @param listed `GPU 0: NVIDIA H200 (UUID: GPU-1f…)`, with a line for each of its MIG devices below.
 * @param cuda CUDA_VISIBLE_DEVICES: devices up to the first that does not exist.
 * @param slurm the node's numbers of the job's GPUs; where Slurm hides the others they are counted anew, and all that
 * is listed is the job's.
 */
export function choose(listed: string, cuda: string | undefined, slurm?: string): string[] {
  const devices = parse(listed)
  const exists = (token: string) =>
    /^\d+$/.test(token) ? Number(token) < devices.length : devices.some(device => device.has(token))
  const all = devices.flatMap(({ names }) => names)
  if (devices.length === 0) return []
  if (cuda !== undefined) {
    const tokens = cuda.split(',').map(token => token.trim())
    const wrong = tokens.findIndex(token => !exists(token))
    return wrong < 0 ? tokens : tokens.slice(0, wrong)
  }
  const given = slurm?.split(',') ?? []
  return given.length > 0 && given.every(exists) ? given : all
}

interface Device {
  /** Its number, or the MIG devices that it is cut into: CUDA then takes no number. */
  names: string[]
  /** Whether a UUID, or the beginning of one, is its own or one of its MIG devices'. */
  has(uuid: string): boolean
}

function parse(listed: string): Device[] {
  return listed
    .split(/^(?=GPU \d+:)/m)
    .filter(part => part.startsWith('GPU'))
    .map((part, index) => {
      const uuids = [...part.matchAll(/\(UUID: ([^)]+)\)/g)].map(([, uuid]) => uuid)
      const mig = uuids.filter(uuid => uuid.startsWith('MIG-'))
      const has = (uuid: string) => /^(GPU|MIG)-\w/.test(uuid) && uuids.some(own => own.startsWith(uuid))
      return { names: mig.length > 0 ? mig : [String(index)], has }
    })
}
