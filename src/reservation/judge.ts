import type { LeaseAnswer } from '../lease/answer.ts'

/** Whose server listens on a port. `'unknown'`: it can't be told, a container's proxy for example. */
export type Verdict = 'ours' | 'foreign' | 'unknown'

/** What is known of whoever listens on a port. */
export interface Sight {
  readonly listeners: readonly SeenProcess[]
  /** The port's lease, where it says something of the listener: one that only waits for a server may not. */
  readonly lease?: Pick<LeaseAnswer, 'pid' | 'checkout' | 'service' | 'state'> | undefined
  /** Further checkouts that the server belongs to: of its Compose project. */
  readonly checkouts?: readonly string[]
}

/** A process that listens. */
export interface SeenProcess {
  readonly pid?: number | undefined
  /** Checkout that it works in; absent when it works in none, or can't be looked at. */
  readonly checkout?: string | undefined
  /** Listens for somebody else (a container, a tunnel), so where it works tells little. */
  readonly relay?: boolean
}

/** Who asks. */
export interface Judging {
  readonly checkout: string
  /** The lease's word counts for this service alone. Default: for any. */
  readonly service?: string | undefined
  /** The asking process, whose own servers are always its own. */
  readonly pid?: number | undefined
}

/**
 * Whose the server on a port is. A process that has the lease and listens itself is where the lease
 * says; else working directories tell, and after them the lease.
 */
export function judge({ listeners, lease, checkouts = [] }: Sight, asking: Judging): Verdict {
  const { checkout, service, pid } = asking
  if (pid !== undefined && listeners.some((process) => process.pid === pid)) return 'ours'
  const ofLease = (): Verdict => (lease?.checkout === checkout ? 'ours' : 'foreign')
  if (lease?.checkout === checkout && service !== undefined) {
    return lease.service === service ? 'ours' : 'foreign'
  }
  if (lease && listeners.some((process) => process.pid === lease.pid)) return ofLease()
  const workingIn = listeners.flatMap((process) => process.checkout ?? [])
  if ([...workingIn, ...checkouts].includes(checkout)) return 'ours'
  if (lease?.state === 'held') return ofLease()
  const places = listeners.flatMap((process) => (process.relay ? [] : (process.checkout ?? [])))
  if (places.length + checkouts.length > 0) return 'foreign'
  return lease ? ofLease() : 'unknown'
}
