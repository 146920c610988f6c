import type { LeaseAnswer } from '../lease/answer.ts'
import { findOwners } from '../net/find-owners.ts'
import type { PortOwner } from '../net/owners/index.ts'
import type { PortHolder } from '../types.ts'
import { judge, type Verdict } from './judge.ts'
import { seenProcess } from './seen-process.ts'
import {
  askLeases,
  type LeasePlace,
  leaseHolder,
  OWNERS_TIMEOUT_MS,
  systemHolder,
} from './who-holds.ts'

/** Who stands on a port, and whether it is this checkout's service. */
export interface Listener {
  /** `'nobody'`: no listener that the operating system shows. */
  readonly verdict: Verdict | 'nobody'
  readonly holder?: PortHolder
  /** What the system says of its process, as it says it. */
  readonly owner?: PortOwner
  /** Passes connections on to somebody else (a container, a tunnel), so it tells nothing of them. */
  readonly relay: boolean
  /** Another checkout's server beside this checkout's: each has one of the addresses of `localhost`. */
  readonly beside?: PortHolder
}

/**
 * Finds out who listens on `port` and whose that is: the process's working directory tells, else
 * the lease of the session that holds the socket.
 *
 * Takes tens of milliseconds where processes must be searched.
 *
 * @param checkout The asking session's.
 */
export async function identifyListener(
  port: number,
  checkout: string,
  place: LeasePlace,
): Promise<Listener> {
  const [leases, owners] = await Promise.all([
    askLeases([port], place),
    findOwners([port], { timeoutMs: OWNERS_TIMEOUT_MS }).then((found) => found.get(port) ?? []),
  ])
  const [first] = owners
  if (!first) return { verdict: 'nobody', relay: false }
  const answer = leases.get(port)
  // The server of a lease that is only waiting for one may be anybody's.
  const lease = answer?.state === 'held' ? answer : undefined
  const listeners = owners.map((owner) => seenProcess(owner, checkout))
  const asking = { checkout, pid: process.pid }
  const verdict = judge({ listeners, lease }, asking)
  const relay = listeners.some((listener) => listener.relay)
  const holder = holderOf(port, first, lease)
  if (relay && verdict !== 'ours') return { verdict: 'unknown', holder, owner: first, relay }
  const others = owners.filter((_, index) => {
    const listener = listeners[index]
    return listener && judge({ listeners: [listener] }, asking) === 'foreign'
  })
  const [other] = verdict === 'ours' ? others : []
  return {
    verdict,
    holder,
    owner: first,
    relay,
    ...(other && { beside: holderOf(port, other, lease) }),
  }
}

function holderOf(port: number, owner: PortOwner, lease: LeaseAnswer | undefined): PortHolder {
  return lease && lease.pid === owner.pid ? leaseHolder(lease) : systemHolder(port, owner)
}
