import { hostname, networkInterfaces } from 'node:os'
import type { Host } from '../plan.ts'

/** Whether a name or address, as a person wrote it, is this machine. Resolves nothing. */
export type IsHere = (name: string) => boolean

/** By `localhost`, its own name, long or short, and its own addresses. */
export function namesOfThisMachine(): IsHere {
  const own = hostname().toLowerCase()
  const addresses = Object.values(networkInterfaces()).flatMap(found => found ?? [])
  const names = new Set(['localhost', own, own.split('.')[0], ...addresses.map(({ address }) => address)])
  return name => names.has(name.toLowerCase()) || /^127(\.\d+){3}$/.test(name) || name === '::1'
}

/** This machine as the only host. */
export function thisMachine(slots: number): Host {
  const unset = { user: null, port: null, maxSlots: null, address: null, iface: null }
  return { name: hostname(), via: 'local', slots, ...unset, gpus: 'all', env: {} }
}
