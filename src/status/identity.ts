import { createHash } from 'node:crypto'
import { projectLabel } from '../utils/project-label.ts'
import type { Reader } from './guard.ts'
import type { Identity } from './report.ts'
import type { StatusSource } from './source.ts'

/** Hexadecimal digits of an id. */
const ID_DIGITS = 16
/** Tells this process from another one that had its pid. */
const STARTED = String(Math.round(performance.timeOrigin))

/** Whose server this is, as that reader may know it. */
export function identityOf(source: StatusSource, service: string, reader: Reader): Identity {
  const { identity, checkout } = source.session
  const { root, pid } = identity
  const port = source.reservation(service)?.port ?? 0
  return {
    v: 1,
    service,
    port,
    ...(checkout.branch && { branch: checkout.branch }),
    project: projectId(root),
    label: labelOf(source, reader),
    lease: idOf('lease', root, service, String(port), String(pid), STARTED),
    ...(reader === 'local' && { root, checkout: checkout.dir, pid }),
  }
}

/** The same for every server of this root, and for no other root of this machine. */
export function projectId(root: string): string {
  return idOf('project', root)
}

/** `shop (main)`; without the directory for whoever is at another machine. */
function labelOf({ session: { identity, checkout } }: StatusSource, reader: Reader): string {
  const { branch } = checkout
  if (reader === 'remote') return branch ?? ''
  const name = projectLabel(identity.root, checkout.dir)
  return branch === undefined ? name : `${name} (${branch})`
}

/** An id that tells nothing of what it is made from. */
function idOf(...words: readonly string[]): string {
  return createHash('sha256').update(words.join('\0')).digest('hex').slice(0, ID_DIGITS)
}
