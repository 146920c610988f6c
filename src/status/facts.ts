import type { IncomingMessage } from 'node:http'

/** What is known of a request before it is answered. */
export interface RequestFacts {
  readonly method: string
  /** What follows `/__ports`, without a query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Name and port that the client thinks it speaks to; `undefined` when it doesn't say. */
  readonly host: string | undefined
  /** IP address of the other end of the connection; `undefined` when there is none (any more). */
  readonly peer: string | undefined
  /** Somebody says that the request came from further away than {@link RequestFacts.peer}. */
  readonly forwarded: boolean
  readonly origin: string | undefined
  readonly referer: string | undefined
  /** `Sec-Fetch-Site`, which browsers send to secure origins and `localhost`. */
  readonly site: string | undefined
  /** `Sec-Fetch-Mode`. */
  readonly mode: string | undefined
  /** `Sec-Fetch-Dest`. */
  readonly destination: string | undefined
  readonly contentType: string | undefined
  /** What says that the sender has read the page. */
  readonly token: string | undefined
}

/** Headers of proxies and tunnels. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** Reads a request of HTTP/1 or 2. */
export function factsOf(request: IncomingMessage, path: string): RequestFacts {
  const { headers, method = '', url = '', socket } = request
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return {
    method,
    path,
    query: new URLSearchParams(url.split('?').slice(1).join('?')),
    host: header('host') ?? header(':authority'),
    peer: socket?.remoteAddress,
    forwarded: FORWARDED.some((name) => headers[name] !== undefined),
    origin: header('origin'),
    referer: header('referer'),
    site: header('sec-fetch-site'),
    mode: header('sec-fetch-mode'),
    destination: header('sec-fetch-dest'),
    contentType: header('content-type'),
    token: header('x-ports-token'),
  }
}
