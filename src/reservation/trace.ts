import type { ServiceProblem } from '../errors.ts'
import type { Allocation, PortAttempt } from '../types.ts'
import { reservationsOf } from './find-reservation.ts'
import { registry } from './registry.ts'
import type { PortReservation } from './reservation.ts'

/** How a service of this process came to its port, or why it has none. */
export type ServiceTrace =
  /** This process has its port. */
  | ({ readonly outcome: 'allocated' } & Pick<
      Allocation,
      | 'service'
      | 'port'
      | 'protocol'
      | 'path'
      | 'host'
      | 'url'
      | 'source'
      | 'state'
      | 'attempts'
      | 'description'
    >)
  /** No port could be had, and it is not required. */
  | ({ readonly outcome: 'missing' } & ServiceProblem)

/** The traces of everything that this process has reserved, or tried to, for `root`. */
export function tracesOf(root: string): ServiceTrace[] {
  const uses = [...(registry().sessions.get(root)?.uses ?? [])]
  return [
    ...reservationsOf(root).map(traceOf),
    ...uses.flatMap((use) => use.missing.map(traceOfProblem)),
  ]
}

/** The trace of one reservation. */
export function traceOf(reservation: PortReservation): ServiceTrace {
  const { service, port, protocol, path, host, url, source, state, description } = reservation
  const attempts = copies(reservation.attempts)
  const facts = { service, port, host, url, source, state, attempts }
  return {
    outcome: 'allocated',
    ...facts,
    ...(protocol !== 'tcp' && { protocol }),
    ...(path !== undefined && { path }),
    ...(description && { description }),
  }
}

/** The trace of a service that has no port. */
export function traceOfProblem({ service, code, attempts }: ServiceProblem): ServiceTrace {
  return { outcome: 'missing', service, code, attempts: copies(attempts) }
}

/** The holders of the moment are written into attempts; those of the session stay as they were. */
function copies(attempts: readonly PortAttempt[]): PortAttempt[] {
  return attempts.map((attempt) => ({ ...attempt }))
}
