import type { PortAttempt } from '../types.ts'
import { type LeasePlace, whoHolds } from './who-holds.ts'

/** More holders than these nobody reads. */
const MAX_DESCRIBED = 8

/** Fills in who is on the ports that were passed over; the first few, once each. */
export async function describeHolders(
  attempts: readonly PortAttempt[],
  place: LeasePlace,
): Promise<void> {
  const open = attempts
    .filter((a) => (a.rejected === 'in-use' || a.rejected === 'leased') && !a.holder)
    .slice(0, MAX_DESCRIBED)
  const holders = await whoHolds([...new Set(open.map((a) => a.port))], place)
  for (const attempt of open) {
    const holder = holders.get(attempt.port)
    if (holder) attempt.holder = holder
  }
}
