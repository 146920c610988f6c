import dns from 'node:dns'
import type { ListenOptions, Server } from 'node:net'
import { plainListen } from './plain-listen.ts'

type LookupCallback = (error: null, address: unknown, family?: number) => void

/**
 * `server.listen` on an IP literal, with the answer on the next line: `server.listening`.
 *
 * `listen` binds in the same tick once the address is known, but it asks `dns.lookup` first, even
 * for a literal, and that answers a tick later. So for the length of this call the lookup answers
 * at once. A failure's `'error'` event still comes on a later tick and needs a listener.
 *
 * @param address An IPv4 or IPv6 literal; `undefined` binds all interfaces.
 * @returns Whether the server listens now.
 */
export function listenSync(server: Server, port: number, address: string | undefined): boolean {
  const options: ListenOptions = { port, exclusive: true }
  const { lookup } = dns
  try {
    if (address !== undefined) {
      options.host = address
      dns.lookup = literalLookup as typeof lookup
    }
    return withoutStack(() => plainListen().call(server, options).listening)
  } finally {
    dns.lookup = lookup
  }
}

/** The same for a path, which needs no lookup. */
export function listenPathSync(server: Server, path: string): boolean {
  return withoutStack(() => server.listen({ path, exclusive: true }).listening)
}

/** A busy port is an expected answer, and collecting its stack costs more than the bind. */
export function withoutStack<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** `dns.lookup` for IP literals, which answers before it returns. */
export function literalLookup(
  address: string,
  options: { all?: boolean } | LookupCallback,
  callback?: LookupCallback,
): void {
  const family = address.includes(':') ? 6 : 4
  if (typeof options === 'function') options(null, address, family)
  else if (options.all) callback?.(null, [{ address, family }])
  else callback?.(null, address, family)
}
