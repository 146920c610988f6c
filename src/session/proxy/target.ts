import type { ProxyTarget, RemoteServer } from '../../bundlers/adapter.ts'

/**
 * A URL as a proxy's target.
 *
 * @param address What is connected to instead of the URL's host.
 */
export function targetOf(url: URL, address?: string): ProxyTarget {
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:'
  const pathname = baseOf(url) || '/'
  return {
    protocol,
    host: url.host,
    hostname: address ?? url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (protocol === 'https:' ? 443 : 80),
    pathname,
    path: pathname,
    search: '',
    href: `${url.origin}${pathname}`,
  }
}

/** What requests to the server at `url` need besides the target. */
export function remoteOf(url: URL): RemoteServer {
  const { username, password, host, origin } = url
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    host,
    origin,
    base: baseOf(url),
    ...((username || password) && {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    }),
  }
}

/** An upstream for people: without credentials. */
export function upstreamName(url: URL): string {
  return `${url.origin}${baseOf(url)}`
}

function baseOf(url: URL): string {
  return url.pathname.replace(/\/+$/, '')
}
