import { networkAddresses } from '../net/network-addresses.ts'
import type { PortReservation } from './reservation.ts'

/**
 * Where other devices of the network reach the server on this port, the likeliest first, each with
 * a final slash. Empty when only this machine does.
 */
export function networkUrls({ bound, facts, port, path }: PortReservation): string[] {
  if (path !== undefined) return []
  const scheme = facts.secure ? 'https' : 'http'
  return networkAddresses(bound).map((address) => {
    const hostname = address.includes(':') ? `[${address}]` : address
    return `${scheme}://${hostname}:${port}/`
  })
}
