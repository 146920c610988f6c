import { findCheckout } from '../utils/checkout.ts'
import type { PortView } from './look-at.ts'

/** Whose server listens on a port. `'unknown'`: nobody listens, or it can't be told. */
export type Belonging = 'ours' | 'foreign' | 'unknown'

/**
 * Whether the server on a port belongs to `checkout`: by the working directories of its processes,
 * its container's Compose project, and where those say nothing, by its lease.
 */
export function whosePort({ lease, listeners, container }: PortView, checkout: string): Belonging {
  const places = listeners.flatMap((listener) => listener.checkout ?? [])
  if (container?.directory !== undefined) places.push(findCheckout(container.directory).dir)
  // Its owner listens itself, wherever it was started.
  const owned = lease && listeners.some(({ pid }) => pid === lease.pid)
  if (lease && (owned || places.length === 0)) {
    return lease.checkout === checkout ? 'ours' : 'foreign'
  }
  if (places.length === 0) return 'unknown'
  return places.includes(checkout) ? 'ours' : 'foreign'
}
