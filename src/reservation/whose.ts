import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { LeasePlace } from './who-holds.ts'

/** Whose server listens on a port. `'unknown'`: it can't be told, a container's proxy for example. */
export type Verdict = 'ours' | 'foreign' | 'unknown'

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
  if (lease?.checkout === asker.checkout) {
    return lease.service === asker.service ? 'ours' : 'foreign'
  }
  const places = owners.flatMap((owner) => (owner.cwd ? [findCheckout(owner.cwd)] : []))
  if (places.some((place) => place.dir === asker.checkout)) return 'ours'
  if (lease) return 'foreign'
  return places.some((place) => place.kind !== 'directory') ? 'foreign' : 'unknown'
}
