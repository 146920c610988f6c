import type { Session } from '../../reservation/session.ts'
import type { Area } from '../../reservation/utilisation.ts'
import { hasMeterProvider } from './provider.ts'

/**
 * Reports a session to the OpenTelemetry meter provider of this process, if there is one; whoever
 * has none loads nothing.
 *
 * @param areas Pools and ranges whose use is reported; asked at each collection.
 */
export function startTelemetry(session: Session, areas: () => readonly Area[]): void {
  if (!hasMeterProvider()) return
  import('./report.ts').then(
    ({ reportTelemetry }) => reportTelemetry(session, areas),
    // Ports are had with or without somebody counting them.
    (error: unknown) => session.identity.debug?.(`no metrics: ${String(error)}`),
  )
}
