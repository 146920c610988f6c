import { PortsError } from '../errors.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { Session } from '../reservation/session.ts'
import type { OnConflict } from '../types.ts'
import { lostLine } from './port-lines.ts'

/** What {@link resolveConflict} can do. */
export interface ConflictContext {
  readonly session: Session
  policy(service: string): OnConflict
  warn(line: string): void
  /** Ends whatever needs the service, in good order. */
  fail(error: PortsError): void
}

/**
 * Does what `onConflict` says for a service whose port somebody else has. Never rejects.
 *
 * @param who Has it now, for people.
 * @param told People know of it already, so that `'warn'` has nothing to add.
 */
export async function resolveConflict(
  reservation: PortReservation,
  who: string,
  { session, policy, warn, fail }: ConflictContext,
  told = false,
): Promise<void> {
  const { service, port } = reservation
  switch (policy(service)) {
    case 'fail':
      return fail(
        new PortsError(
          'PORTS_STOLEN',
          lostLine(
            service,
            port,
            who,
            `It may not move (services.${service}.onConflict is 'fail'). Stop that program and start again.`,
          ),
        ),
      )
    case 'move':
      try {
        await session.move(service, undefined, reservation)
        if (!told) warn(lostLine(service, port, who, `"${service}" is on ${reservation.port} now.`))
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        warn(lostLine(service, port, who, `"${service}" could not be moved: ${why}`))
      }
      return
    case 'warn':
      if (!told)
        warn(
          lostLine(
            service,
            port,
            who,
            `Stop that program, or set services.${service}.onConflict to 'move'.`,
          ),
        )
  }
}
