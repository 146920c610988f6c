import type { HealthState } from '../../types.ts'

/** What one probe found. */
export type ProbeOutcome =
  | { readonly ok: true }
  /** `answered`: somebody is there, but not as it should be. */
  | { readonly ok: false; readonly answered: boolean; readonly reason: string }
  /** Another checkout's server answers; `who` is for people. */
  | { readonly ok: false; readonly stolen: true; readonly who: string }

/** How many probes in a row change the state. */
export interface Thresholds {
  readonly healthyAfter: number
  readonly unhealthyAfter: number
}

/** A service's health between two probes. */
export interface HealthStatus {
  readonly state: HealthState
  /** Outcomes of the same kind in a row; positive for successes, negative for failures. */
  readonly streak: number
  /** It has been healthy before. */
  readonly seen: boolean
  /** Why it is not healthy, for people. */
  readonly reason: string | undefined
}

/** Before the first probe. */
export const STARTING: HealthStatus = {
  state: 'starting',
  streak: 0,
  seen: false,
  reason: undefined,
}

/** The status after one more probe. */
export function afterProbe(
  status: HealthStatus,
  outcome: ProbeOutcome,
  { healthyAfter, unhealthyAfter }: Thresholds,
): HealthStatus {
  if (outcome.ok) {
    const streak = Math.max(status.streak, 0) + 1
    if (streak >= healthyAfter) return { state: 'healthy', streak, seen: true, reason: undefined }
    return { ...status, state: status.state === 'stolen' ? 'starting' : status.state, streak }
  }
  const streak = Math.min(status.streak, 0) - 1
  if ('stolen' in outcome) {
    return { ...status, state: 'stolen', streak, reason: `served by ${outcome.who}` }
  }
  const { answered, reason } = outcome
  // Too few to tell from a hiccup, unless the state was another server's.
  if (-streak < unhealthyAfter && status.state !== 'stolen') return { ...status, streak }
  const silent = status.seen ? 'down' : 'starting'
  return { ...status, streak, reason, state: answered ? 'degraded' : silent }
}

/** A failing service is looked at again after this, in milliseconds; then after twice that, and so on. */
const FIRST_RETRY_MS = 1000

/** Time until the next probe, in milliseconds. */
export function nextDelay({ streak }: HealthStatus, intervalMs: number): number {
  if (streak >= 0) return intervalMs
  return Math.min(intervalMs, FIRST_RETRY_MS * 2 ** Math.min(-streak - 1, 16))
}
