import { BlockList, isIP, isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { NetworkChoice } from '../../base/contract.ts'
import { UsageError } from '../../base/errors.ts'

export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Bridges to containers and virtual machines: of use to nobody outside, and alike on every host. */
const VIRTUAL = /^(docker|br-|virbr|veth|cni|flannel|cali|lxc|lxd|podman|vmnet|vboxnet)/

/** The addresses of this host at which ranks elsewhere may try to reach it, likely ones first. Throws UsageError. */
export function offeredAddresses(
  { address, iface }: Pick<NetworkChoice, 'address' | 'iface'>,
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  if (address !== null) return [address]
  const all = Object.entries(interfaces).flatMap(([name, found]) =>
    (found ?? []).map(one => ({ name, ...one })),
  )
  const wanted =
    iface === null ? all.filter(isReachable) : all.filter(one => isOf(iface, one.name, one.address))
  if (wanted.length === 0) throw new UsageError(nothingFound(iface, all))
  const rank = ({ name, address }: { name: string; address: string }) =>
    (VIRTUAL.test(name) ? 2 : 0) + (isIPv6(address) ? 1 : 0)
  return wanted.toSorted((a, b) => rank(a) - rank(b)).map(one => one.address)
}

/**
 * In which order to try what another rank offers. An address that this host has too is not another host's: every
 * host with Docker is 172.17.0.1. Where nothing else is left it is this very host.
 */
export function dialOrder(
  endpoints: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  const own = Object.values(interfaces).flatMap(found => found ?? [])
  const hasIt = (endpoint: string) => own.some(({ address }) => address === hostOf(endpoint))
  const foreign = endpoints.filter(endpoint => !hasIt(endpoint))
  const near = (endpoint: string) =>
    own.some(({ cidr, internal }) => !internal && within(cidr, hostOf(endpoint)))
  const order = foreign.length > 0 ? foreign : [...endpoints]
  return order.toSorted((a, b) => Number(near(b)) - Number(near(a)))
}

/** An endpoint as libzmq writes it: `tcp://10.0.0.1:5000`, `tcp://[fd00::1]:5000`. */
export const endpointOf = (address: string, port: number | '*'): string =>
  `tcp://${isIPv6(address) ? `[${address}]` : address}:${port}`

export const hostOf = (endpoint: string): string =>
  endpoint.replace(/^tcp:\/\/\[?/, '').replace(/\]?:[^:]*$/, '')

export const portOf = (endpoint: string): number => Number(/\d+$/.exec(endpoint)?.[0])

/** Not loopback, and no link-local address, which means nothing without its interface. */
const isReachable = ({ internal, address }: NetworkInterfaceInfo): boolean =>
  !internal && !/^(fe80:|169\.254\.)/i.test(address)

const isOf = (iface: string, name: string, address: string): boolean =>
  iface.includes('/') ? within(iface, address) : iface === name && !/^fe80:/i.test(address)

function within(cidr: string | null, address: string): boolean {
  const [network, bits] = (cidr ?? '').split('/')
  if (isIP(network) === 0 || isIP(network) !== isIP(address)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), isIPv6(network) ? 'ipv6' : 'ipv4')
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function nothingFound(iface: string | null, all: { name: string; address: string }[]): string {
  const there = all.map(({ name, address }) => `${name} ${address}`).join(', ')
  return iface === null
    ? `this host has no address that another could reach (${there}); bring an interface up, or name one with --iface`
    : `--iface ${iface}: no such interface or network here (${there})`
}
