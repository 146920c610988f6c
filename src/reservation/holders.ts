import type { PortAttempt, PortHolder } from '../types.ts'
import { type Endpoint, endpointOf } from '../net/endpoint.ts'
import { type LeasePlace, whoHolds, whoLeases } from './who-holds.ts'

/** By what they are on. */
export type Holders = ReadonlyMap<Endpoint, PortHolder>

/** More holders than these nobody reads. */
const MAX_DESCRIBED = 8

/**
 * Fills in who is on the ports that were passed over; the first few, once each. A root that is
 * remembered for a port may be running there, and then that is said instead.
 */
export async function describeHolders(
  attempts: readonly PortAttempt[],
  place: LeasePlace,
): Promise<void> {
  const open = attemptsToDescribe(attempts)
  const claimed = attempts.filter((a) => a.rejected === 'claimed').slice(0, MAX_DESCRIBED)
  const [holders, leases] = await Promise.all([
    whoHolds(endpointsOf(open), place),
    whoLeases(endpointsOf(claimed), place),
  ])
  fillIn(open, holders)
  fillIn(claimed, leases)
}

/** The attempts whose holder is not known and can be. */
export function attemptsToDescribe(attempts: readonly PortAttempt[]): PortAttempt[] {
  return attempts
    .filter((a) => (a.rejected === 'in-use' || a.rejected === 'leased') && !a.holder)
    .slice(0, MAX_DESCRIBED)
}

/** What was attempted, each once. */
export function endpointsOf(attempts: readonly PortAttempt[]): Endpoint[] {
  return [...new Set(attempts.map(endpointOf))]
}

/** Writes what was found into the attempts. */
export function fillIn(attempts: readonly PortAttempt[], holders: Holders | undefined): void {
  for (const attempt of attempts) {
    const holder = holders?.get(endpointOf(attempt))
    if (holder) attempt.holder = holder
  }
}
