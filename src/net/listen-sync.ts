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
  const { stackTraceLimit } = Error
  // A busy port is an expected answer, and collecting its stack costs more than the bind.
  Error.stackTraceLimit = 0
  try {
    const listen = plainListen()
    if (address === undefined) return listen.call(server, options).listening
    options.host = address
    dns.lookup = literalLookup as typeof lookup
    return listen.call(server, options).listening
  } finally {
    dns.lookup = lookup
    Error.stackTraceLimit = stackTraceLimit
  }
}

function literalLookup(
  address: string,
  options: { all?: boolean } | LookupCallback,
  callback?: LookupCallback,
): void {
  const family = address.includes(':') ? 6 : 4
  if (typeof options === 'function') options(null, address, family)
  else if (options.all) callback?.(null, [{ address, family }])
  else callback?.(null, address, family)
}
