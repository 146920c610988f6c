import type { PortAttempt, PortSource } from '../types.ts'

/** Whether a port was had because none of those that were asked for by number could be. */
export function isFallback(source: PortSource, attempts: readonly PortAttempt[]): boolean {
  return isFromRange(source) && attempts.some((attempt) => !isFromRange(attempt.source))
}

function isFromRange(source: PortSource): boolean {
  return source === 'range' || source === 'any'
}
