import { isIPv4 } from 'node:net'
import type { BindAddress } from './addresses.ts'
import { type Interfaces, listInterfaces } from './interfaces.ts'

/** Interfaces that lead to virtual machines, containers and tunnels: a phone is rarely behind one. */
const VIRTUAL =
  /^(docker|br-|bridge|veth|virbr|vmnet|vboxnet|vethernet|utun|tun|tap|tailscale|wg|zt|lxc|cni|flannel|cali|awdl|llw)/i

/**
 * IP literals at which other devices of the network reach a server that is bound there, the
 * likeliest first; IPv6 only when that is all there is. Empty when only this machine does.
 */
export function networkAddresses(
  bound: BindAddress,
  interfaces: Interfaces = listInterfaces() ?? {},
): string[] {
  const { address } = bound
  if (address !== undefined && address !== '::' && address !== '0.0.0.0') {
    return isLoopback(address) ? [] : [address]
  }
  const found = Object.entries(interfaces).flatMap(([name, list]) =>
    (list ?? [])
      .filter((entry) => !entry.internal && !isLinkLocal(entry.address))
      .map((entry) => ({ address: entry.address, virtual: VIRTUAL.test(name) })),
  )
  const v4 = found.filter((entry) => isIPv4(entry.address))
  const usable = v4.length > 0 || address === '0.0.0.0' ? v4 : found
  return usable.toSorted((a, b) => Number(a.virtual) - Number(b.virtual)).map((e) => e.address)
}

/** Whether only this machine reaches the address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || /^::ffff:127\./i.test(address)
}

/** They need a zone, which no URL of a browser can carry. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}
