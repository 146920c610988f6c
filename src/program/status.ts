import { findPortOwners } from '../net/owners/index.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { SessionWorld } from '../session/world.ts'
import { shortenCommand } from '../utils/shorten-command.ts'
import type { PortStatus } from './types.ts'

/** Searching the processes is given up after this, in milliseconds; what is known by then counts. */
const OWNERS_TIMEOUT_MS = 1500

/** What each port is doing now; one search of the system for all of them. */
export async function statusOf(
  reservations: readonly PortReservation[],
  since: (reservation: PortReservation) => string,
  world: Pick<SessionWorld, 'pid' | 'command'>,
): Promise<PortStatus[]> {
  const owners = await findPortOwners(
    reservations.map(({ port }) => port),
    { timeoutMs: OWNERS_TIMEOUT_MS },
  )
  return reservations.map((reservation) => {
    const { port, service, url, state } = reservation
    const listeners = owners.get(port) ?? []
    // A child that serves on our socket is not the first one to have it.
    const other = listeners.find(({ pid }) => pid !== world.pid)
    const inUse = state !== 'held' && (state === 'serving' || listeners.length > 0)
    const theirs = inUse ? other : undefined
    const isOurs = state === 'held' || (inUse && !theirs)
    return {
      port,
      service,
      url,
      state,
      inUse,
      pid: isOurs ? world.pid : theirs?.pid,
      command: isOurs ? world.command : theirs?.command && shortenCommand(theirs.command),
      since: since(reservation),
    }
  })
}
