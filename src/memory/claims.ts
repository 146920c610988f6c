import type { Claim } from '../plan/plan.ts'
import type { Protocol } from '../types.ts'
import { stripControls } from '../utils/strip-controls.ts'
import { otherRecords } from './other-records.ts'
import { lastUseOf, type RootRecord } from './record.ts'

/** Other roots' ports, by protocol and port. */
export type Claims = Readonly<Record<'tcp' | 'udp', ReadonlyMap<number, Claim>>>

const NONE: ReadonlyMap<number, Claim> = new Map()

/**
 * The ports that the records of a directory remember for other roots than `ownRoot`, as far as those
 * exist. Never throws; what can't be read claims nothing.
 *
 * @param now In milliseconds since 1970.
 */
export function readClaims(directory: string, ownRoot: string, now: number): Claims {
  const claims = { tcp: new Map<number, Claim>(), udp: new Map<number, Claim>() }
  for (const { record, lastUsedAt, isThere } of otherRecords(directory, ownRoot, now)) {
    if (isThere) addClaims(claims, record, lastUsedAt)
  }
  return claims
}

/** The claims that count for a service; the path of a `'unix'` service is no port. */
export function claimsOf(claims: Claims, protocol: Protocol): ReadonlyMap<number, Claim> {
  return protocol === 'unix' ? NONE : claims[protocol]
}

function addClaims(
  claims: Record<'tcp' | 'udp', Map<number, Claim>>,
  { root, checkout, branch, services }: RootRecord,
  lastUsedAt: number,
): void {
  for (const [name, service] of services) {
    const map = claims[service.protocol ?? 'tcp']
    // These are printed, and somebody else wrote them.
    const claim = {
      service: stripControls(name),
      root: stripControls(root),
      checkout: stripControls(checkout),
      ...(branch && { branch: stripControls(branch) }),
      ...(service.held && { held: true }),
      at: lastUseOf(service, lastUsedAt),
    }
    for (const port of [service.port, service.asked]) {
      if (port === undefined || (map.get(port)?.at ?? -Infinity) > claim.at) continue
      map.set(port, { port, ...claim })
    }
  }
}
