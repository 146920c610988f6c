import type { ServiceHealth } from '../types.ts'
import type { HealthReport } from './report.ts'

/**
 * Health as the page tells it. Who stands on a stolen port, the service's owner says; a reason would
 * tell it in words, with a command line that may be another user's.
 *
 * @param isProbed See `StatusSource.isProbed`.
 */
export function healthOf(
  { state, since, reason, latencyMs, history }: ServiceHealth,
  isProbed: boolean,
): HealthReport {
  // Asking ourselves takes no time that says anything.
  if (!isProbed) return { state, since, history: [] }
  return {
    state,
    since,
    ...(reason !== undefined && state !== 'stolen' && { reason }),
    ...(latencyMs !== undefined && { latencyMs: rounded(latencyMs) }),
    history: history.map(({ at, latencyMs: took, ok }) => ({ at, latencyMs: rounded(took), ok })),
  }
}

/** To a hundredth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
