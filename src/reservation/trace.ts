import type { ServiceProblem } from '../errors.ts'
import type { Allocation, PortAttempt } from '../types.ts'
import { registry } from './registry.ts'

/** How a service of this process came to its port, or why it has none. */
export type ServiceTrace =
  | ({ readonly outcome: 'allocated' } & Pick<
      Allocation,
      'service' | 'port' | 'host' | 'url' | 'source' | 'state' | 'attempts' | 'description'
    >)
  /** No port could be had, and it is not required. */
  | ({ readonly outcome: 'missing' } & ServiceProblem)

/** The traces of everything that this process has reserved, or tried to, for `root`. */
export function tracesOf(root: string): ServiceTrace[] {
  const session = registry().sessions.get(root)
  if (!session) return []
  const had = [...session.reservations].filter((reservation) => !reservation.released)
  const missing = [...session.uses].flatMap((use) => use.missing)
  return [
    ...had.map((reservation): ServiceTrace => {
      const { service, port, host, url, source, state, description } = reservation
      return {
        outcome: 'allocated',
        ...{ service, port, host, url, source, state },
        attempts: copies(reservation.attempts),
        ...(description && { description }),
      }
    }),
    ...missing.map(({ service, code, attempts }): ServiceTrace => ({
      outcome: 'missing',
      ...{ service, code },
      attempts: copies(attempts),
    })),
  ]
}

/** The holders of the moment are written into attempts; those of the session stay as they were. */
function copies(attempts: readonly PortAttempt[]): PortAttempt[] {
  return attempts.map((attempt) => ({ ...attempt }))
}
