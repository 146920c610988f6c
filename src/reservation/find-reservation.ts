import type { Endpoint } from '../net/endpoint.ts'
import { registry } from './registry.ts'
import type { PortReservation } from './reservation.ts'

/** This process's reservation of an endpoint for `root`; `undefined` when there is none (any more). */
export function findReservation(root: string, endpoint: Endpoint): PortReservation | undefined {
  return reservationsOf(root).find((reservation) => reservation.endpoint === endpoint)
}

/** Everything that this process has reserved for `root`; ports of programs without a service too. */
export function reservationsOf(root: string): PortReservation[] {
  const { sessions, loose } = registry()
  const all = new Set([...(sessions.get(root)?.reservations ?? []), ...loose.values()])
  return [...all].filter(({ released }) => !released)
}
