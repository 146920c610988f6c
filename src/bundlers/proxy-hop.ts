import type { IncomingMessage } from 'node:http'
import type { ProxyHop } from './adapter.ts'

/** Header of answers that says which upstream or instance gave them. */
export const UPSTREAM_HEADER = 'x-ports-upstream'

const hops = new WeakMap<object, ProxyHop>()

/** Puts into a request what its hop wants to be told, before a proxy copies the headers. */
export function prepareRequest(request: unknown, hop: ProxyHop): void {
  const { remote } = hop
  if (!remote && hop.name === undefined) return
  const { headers } = request as IncomingMessage
  hops.set(request as object, hop)
  if (!remote) return
  // TLS takes the server's name from here as well.
  headers.host = remote.host
  if (remote.authorization !== undefined) headers.authorization ??= remote.authorization
}

/** Where a request was sent; `undefined` where the service has one place only. */
export function hopOf(request: unknown): ProxyHop | undefined {
  return typeof request === 'object' && request ? hops.get(request) : undefined
}

/** Says in an answer who gave it, and keeps its redirects to the upstream's own pages on this server. */
export function markAnswer(answer: unknown, request: unknown): void {
  const hop = hopOf(request)
  if (!hop) return
  const { headers } = answer as IncomingMessage
  if (hop.name !== undefined) headers[UPSTREAM_HEADER] = hop.name
  const { remote } = hop
  if (remote && headers.location !== undefined) {
    headers.location = ownLocation(headers.location, remote)
  }
}

/** A redirect within the upstream as a path of this server; any other as it is. */
export function ownLocation(
  location: string,
  { origin, base }: { readonly origin: string; readonly base: string },
): string {
  if (!URL.canParse(location, origin)) return location
  const url = new URL(location, origin)
  if (url.origin !== origin || !/^(?:https?:|\/)/i.test(location)) return location
  const { pathname, search, hash } = url
  const isBelow = pathname === base || pathname.startsWith(`${base}/`)
  const path = isBelow ? pathname.slice(base.length) || '/' : pathname
  // A path that begins with two slashes would name another host.
  return path.replace(/^\/+/, '/') + search + hash
}
