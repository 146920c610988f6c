import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { judge, type Verdict } from './judge.ts'
import { seenProcess } from './seen-process.ts'
import type { LeasePlace } from './who-holds.ts'

/** The session that asks. */
export interface Asker {
  readonly checkout: string
  readonly service: string
  /** Another process has the port's lease. */
  readonly leased: boolean
}

/**
 * Whether the server on `endpoint` is the asker's own service, running already: the listening process
 * works in this checkout, or a session of this checkout has leased it for that service.
 */
export async function whose(endpoint: Endpoint, asker: Asker, place: LeasePlace): Promise<Verdict> {
  const { findPortOwners } = await import('../net/owners/index.ts')
  const [lease, owners] = await Promise.all([
    asker.leased
      ? askLease(endpoint, leaseName(endpoint, place.platform, place.stateDir))
      : undefined,
    findPortOwners([endpoint]).then((found) => found.get(endpoint) ?? []),
  ])
  const listeners = owners.map((owner) => seenProcess(owner, asker.checkout))
  return judge({ listeners, lease }, asker)
}
