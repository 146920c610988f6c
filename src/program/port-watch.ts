import { PortsError } from '../errors.ts'
import { registry } from '../reservation/registry.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { resolveConflict } from '../session/conflicts.ts'
import { besideLine, lostLine } from '../session/port-lines.ts'
import { keepUp } from '../session/upkeep.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { Allocations } from './allocations.ts'

/**
 * Looks after what an instance has reserved, and tells its listeners of strangers.
 *
 * @param fail Closes the instance because of an error.
 * @returns Ends it.
 */
export function watchPorts(
  { world, root, holdings, notices, book }: Allocations,
  fail: (error: PortsError) => void,
): () => void {
  const policy = (service: string) => {
    const found = book.resolve().services.find(({ name }) => name === service)
    return found?.onConflict ?? book.options.onConflict ?? 'warn'
  }
  const lost = (reservation: PortReservation, who: string): void => {
    const { service, port } = reservation
    const error = new PortsError('PORTS_STOLEN', lostLine(service, port, who, 'Stop that program.'))
    notices.emit('lost', { service, port, who, error })
    const session = registry().sessions.get(root)
    if (!session?.reservations.has(reservation)) {
      // One of no session has no other candidates.
      return policy(service) === 'fail' ? fail(error) : notices.warn([error.message])
    }
    const warn = (line: string): void => notices.warn([line])
    void resolveConflict(reservation, who, {
      session,
      policy,
      warn,
      // The one that the event has told of.
      fail: () => fail(error),
    })
  }
  return keepUp({
    place: world.place,
    pid: world.pid,
    env: world.env,
    checkout: findCheckout(root).dir,
    reservations: () => holdings.all(),
    lost,
    beside: ({ service, port }, who) => notices.warn([besideLine(service, port, who)]),
  })
}
