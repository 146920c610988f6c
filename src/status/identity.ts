import { createHash } from 'node:crypto'
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
    project: idOf('project', root),
    lease: idOf('lease', root, service, String(port), String(pid), STARTED),
    ...(reader === 'local' && { root, checkout: checkout.dir, pid }),
  }
}

/** An id that tells nothing of what it is made from. */
function idOf(...words: readonly string[]): string {
  return createHash('sha256').update(words.join('\0')).digest('hex').slice(0, ID_DIGITS)
}
