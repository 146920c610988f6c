import type { ServiceHealth } from '../types.ts'
import type { HealthReport } from './report.ts'

/**
 * Health as the page tells it. Who stands on a stolen port, the service's owner says; a reason would
 * tell it in words, with a command line that may be another user's.
 *
 * @param isProbed See `StatusSource.isProbed`.
 */
export function healthOf(
  { state, since, reason, latencyMs, servedBy, history }: ServiceHealth,
  isProbed: boolean,
): HealthReport {
  // Asking ourselves takes no time that says anything.
  const server = servedBy === undefined ? {} : { servedBy }
  if (!isProbed) return { state, since, ...server, history: [] }
  return {
    state,
    since,
    ...(reason !== undefined && state !== 'stolen' && { reason }),
    ...(latencyMs !== undefined && { latencyMs: rounded(latencyMs) }),
    ...server,
    history: history.map(({ at, latencyMs: took, ok }) => ({ at, latencyMs: rounded(took), ok })),
  }
}

/** To a hundredth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
