import { relative } from 'node:path'
import type { PortAttempt, PortHolder } from '../types.ts'

const REASONS: Record<NonNullable<PortAttempt['rejected']>, string> = {
  'in-use': 'in use',
  leased: 'leased by another session',
  denied: 'not permitted for this user',
  blocked: 'refused by browsers',
  ephemeral: "in the kernel's range for outgoing connections",
  privileged: 'below 1024, taken only when preferred by number',
  excluded: 'listed in `exclude`',
  claimed: 'remembered for another root',
  'own-service': 'belongs to another service here',
  'broken-block': 'free, but not all ports of its block are',
  'no-address': 'no such address on this machine',
  'no-socket': 'a file that is no socket; it stays',
  'too-long': 'too long for a socket path (at most 107 bytes on Linux, 103 on macOS)',
}

/** A directory as seen from `from`: `../shop`; absolute when that would be longer. */
export function nearPath(directory: string, from: string): string {
  const near = relative(from, directory) || '.'
  return near.length <= directory.length ? near : directory
}

/**
 * Who is on a port, in a few words: `vite in ../shop (main, pid 4121)`, `api of ../shop (feature-x)`.
 *
 * @param from Directory that paths are shown relative to.
 */
export function holderText(holder: PortHolder, from: string): string {
  const place = holder.checkout ?? holder.cwd
  const details = [holder.branch, holder.pid === undefined ? undefined : `pid ${holder.pid}`]
  const brackets = details.filter(Boolean).join(', ')
  const who = holder.command || (holder.service ? `"${holder.service}"` : 'another program')
  return [
    who,
    place && (place === from ? 'in this checkout' : `in ${nearPath(place, from)}`),
    brackets && `(${brackets})`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** Whose soft claim was given up for a port: `taken from "dev" in ../shop (main), which had it last on 2026-08-01`. */
export function takenText(holder: PortHolder, from: string): string {
  const day = holder.since ? `, which had it last on ${holder.since.slice(0, 10)}` : ''
  return `taken from ${rememberingText(holder, from)}${day}`
}

/** `"dev" in ../shop (main)`; a root of this checkout is told from it by its own directory. */
function rememberingText({ service, root, checkout, branch }: PortHolder, from: string): string {
  const place = checkout === from ? root : (checkout ?? root)
  return [
    service && `"${service}"`,
    place && `in ${nearPath(place, from)}`,
    branch && checkout !== from && `(${branch})`,
  ]
    .filter(Boolean)
    .join(' ')
}

/**
 * Why one candidate was passed over: `held by vite in ../shop (pid 4121)`, `remembered for "dev" in
 * ../shop (main)`, `refused by browsers`.
 */
export function attemptText(attempt: PortAttempt, from: string): string {
  const { rejected, holder } = attempt
  if (rejected === undefined) return 'free'
  if (!holder) return REASONS[rejected]
  if (holder.via === 'memory') return `remembered for ${rememberingText(holder, from)}`
  const expected = holder.state === 'leased' && rejected !== 'in-use'
  const verb = expected && holder.service ? `leased for "${holder.service}" by` : 'held by'
  return `${verb} ${holderText(holder, from)}`
}
