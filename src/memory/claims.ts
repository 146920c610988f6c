import { opendirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Claim } from '../plan/plan.ts'
import type { Protocol } from '../types.ts'
import { stripControls } from '../utils/strip-controls.ts'
import { readRecordFile, recordFileName } from './record-file.ts'
import { lastUseOf, type RootRecord } from './record.ts'

/** Other roots' ports, by protocol and port. */
export type Claims = Readonly<Record<'tcp' | 'udp', ReadonlyMap<number, Claim>>>

/** Claims of nobody. */
export const NO_CLAIMS: Claims = { tcp: new Map(), udp: new Map() }

/** How long the file of a root that may only be out of reach is kept, in milliseconds. */
const KEEP_UNREACHABLE_MS = 30 * 86_400_000
/** No write takes so long; a temporary file of this age is what a crash left. */
const STALE_TEMP_MS = 3_600_000
const TEMP_NAME = /\.tmp-[\da-f]{16}\.json$/

/**
 * The ports that the records of a directory remember for other roots than `ownRoot`, as far as those
 * exist. Removes the records of roots that are gone. Never throws; what can't be read claims nothing.
 *
 * @param now In milliseconds since 1970.
 */
export function readClaims(directory: string, ownRoot: string, now: number): Claims {
  const claims = { tcp: new Map<number, Claim>(), udp: new Map<number, Claim>() }
  const own = recordFileName(ownRoot)
  for (const name of namesIn(directory)) {
    if (name === own || !name.endsWith('.json')) continue
    const path = join(directory, name)
    if (TEMP_NAME.test(name)) {
      removeStaleTemp(path, now)
      continue
    }
    const found = readRecordFile(path)
    if (found.kind !== 'record') continue
    const { record, lastUsedAt } = found
    if (isDirectory(record.root)) addClaims(claims, record, lastUsedAt)
    else if (mayForget(record.root, now - lastUsedAt)) remove(path)
  }
  return claims
}

/** The claims that count for a service; a path of a `'unix'` service is no port. */
export function claimsOf(claims: Claims, protocol: Protocol): ReadonlyMap<number, Claim> {
  return protocol === 'unix' ? NO_CLAIMS.tcp : claims[protocol]
}

function addClaims(
  claims: Record<'tcp' | 'udp', Map<number, Claim>>,
  { root, checkout, branch, services }: RootRecord,
  lastUsedAt: number,
): void {
  for (const [name, service] of services) {
    const map = claims[service.protocol ?? 'tcp']
    const claim = {
      service: stripControls(name),
      root: stripControls(root),
      checkout: stripControls(checkout),
      ...(branch && { branch: stripControls(branch) }),
      at: lastUseOf(service, lastUsedAt),
    }
    for (const port of [service.port, service.asked]) {
      if (port === undefined || (map.get(port)?.at ?? -Infinity) > claim.at) continue
      map.set(port, { port, ...claim })
    }
  }
}

/**
 * Whether a root that is not there was removed. Below an empty or missing directory it may just as
 * well lie on a disk that isn't mounted now; then its ports wait for a month without being claimed.
 */
function mayForget(root: string, unusedForMs: number): boolean {
  return unusedForMs > KEEP_UNREACHABLE_MS || hasEntries(dirname(root))
}

function hasEntries(directory: string): boolean {
  try {
    const dir = opendirSync(directory)
    try {
      return dir.readSync() !== null
    } finally {
      dir.closeSync()
    }
  } catch {
    return false
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    // What this user may not look at is there all the same.
    return true
  }
}

function removeStaleTemp(path: string, now: number): void {
  try {
    if (now - statSync(path).mtimeMs > STALE_TEMP_MS) remove(path)
  } catch {
    // Its writer has just renamed it.
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It claims nothing, so it may as well stay.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // Nothing was remembered yet; where it can't be read, writing will say so.
    return []
  }
}
