import type { LeaseAnswer } from '../lease/answer.ts'
import { askLease } from '../lease/ask.ts'
import { leaseName } from '../lease/names.ts'
import { type Endpoint, endpointParts, type EndpointParts } from '../net/endpoint.ts'
import { listeningPorts } from '../net/owners/listening.ts'
import type { PortSource } from '../types.ts'
import { explainHere } from './explain.ts'
import { orderOwner } from './give-orders.ts'
import { type Here, leasesHere } from './leases-here.ts'

/** What came of asking the holder of a port to let go. */
export type ReleaseResult =
  | 'released'
  /** Nobody has leased it. */
  | 'not-leased'
  /** Another checkout has it. */
  | 'foreign'
  /** A server of the holder listens there, so only stopping that frees it. */
  | 'serving'
  /** The holder takes no orders from this user. */
  | 'unreachable'

/** One port that was asked for. */
export interface Released extends EndpointParts {
  readonly result: ReleaseResult
  readonly lease?: LeaseAnswer
}

/** Chosen by us, not named by anybody. */
const DYNAMIC: ReadonlySet<PortSource> = new Set(['sticky', 'range', 'any'])

/**
 * Asks the holder of a port or socket path to let go.
 *
 * @param any Also when the holder belongs to another checkout.
 * @param dry Only says what would come of it, as far as that can be told.
 */
export async function releaseEndpoint(
  endpoint: Endpoint,
  { any, dry }: { readonly any: boolean; readonly dry: boolean },
  here: Here,
): Promise<Released> {
  const { place, checkout } = here
  const at = endpointParts(endpoint)
  const lease = await askLease(endpoint, leaseName(endpoint, place.platform, place.stateDir))
  if (!lease) return { ...at, result: 'not-leased' }
  if (!any && lease.checkout !== checkout.dir) return { ...at, result: 'foreign', lease }
  if (dry) return { ...at, result: lease.serving ? 'serving' : 'released', lease }
  const outcome = await orderOwner(lease, 'release', place)
  if (outcome === 'unreachable') return { ...at, result: 'unreachable', lease }
  if (outcome.ok || outcome.refusal === 'unknown') return { ...at, result: 'released', lease }
  return { ...at, result: outcome.refusal === 'serving' ? 'serving' : 'unreachable', lease }
}

/**
 * The ports of this checkout that were chosen for servers to come, and where no server came: neither
 * named by anybody nor listened on.
 */
export async function unusedDynamicPorts(here: Here): Promise<LeaseAnswer[]> {
  const [leases, listening] = await Promise.all([leasesHere(here), listeningPorts()])
  const unused = leases.filter(({ state, port }) => state === 'leased' && !listening.has(port))
  if (unused.length === 0) return []
  // From the checkout itself, or the root around the working directory would hide the others.
  const explained = await explainHere(undefined, { ...here, cwd: here.checkout.dir })
  const dynamic = new Set(
    explained.flatMap(({ data }) =>
      data.outcome === 'allocated' && DYNAMIC.has(data.source) ? [data.port] : [],
    ),
  )
  return unused.filter(({ port }) => dynamic.has(port))
}
