import { type BindAddress, urlHostname } from '../net/addresses.ts'
import type { EndpointParts } from '../net/endpoint.ts'
import type { ReservationFacts } from './found.ts'

/** What a URL is made from. */
interface Addressed extends EndpointParts {
  readonly bound: BindAddress
  readonly facts: ReservationFacts
}

/** How a reservation is spoken to: `https://localhost:5173`, `udp://localhost:8000`, `unix:/run/api.sock`. */
export function urlOf({ port, protocol, path, bound, facts }: Addressed): string {
  if (path !== undefined) return `unix:${encodePath(path)}`
  const { scheme, secure } = facts
  const tcp = scheme === 'http' && secure ? 'https' : scheme
  return `${protocol === 'udp' ? 'udp' : tcp}://${urlHostname(bound)}:${port}`
}

/** As `file:` URLs do it; the backslashes of a pipe are no separators. */
function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
