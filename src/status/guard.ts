import { isIP } from 'node:net'
import type { RequestFacts } from './facts.ts'

/** Who asks. `'local'`: somebody at this very machine; `'remote'`: anybody else whom the server serves. */
export type Reader = 'local' | 'remote'

/** Whether a request is answered. `why` is for people, and tells nothing about the project. */
export type Verdict =
  { readonly ok: true; readonly reader: Reader } | { readonly ok: false; readonly why: string }

/**
 * Judges a request for something to read: only under a name that is this server's, and from no other
 * site.
 *
 * A page that got a name of its own to point at this machine (DNS rebinding) still sends that name.
 * Links of other servers on this machine may lead to the page itself, which no opener can read.
 *
 * @param allowed See `StatusPlace.allowedHosts`.
 * @param isPage The page itself is asked for, which has no data in it.
 */
export function judge(facts: RequestFacts, allowed: readonly string[], isPage: boolean): Verdict {
  const { host, origin, referer, site, mode, destination, peer, forwarded } = facts
  const name = hostnameOf(host)
  if (host === undefined || name === undefined || !isOurs(name, allowed)) {
    return refuse('it came under a name that is not among the hosts which this server allows')
  }
  if (origin !== undefined && !isSameHost(origin, host)) return refuse('it came from another site')
  if (site === undefined) {
    // Plain HTTP on another machine: a referrer is all that a browser tells.
    const foreign = referer !== undefined && !isSameHost(referer, host)
    if (foreign && !isPage) return refuse('it came from another site')
  } else if (site !== 'same-origin' && site !== 'none') {
    const isLink = mode === 'navigate' && destination === 'document' && site === 'same-site'
    if (!isLink || !isPage) return refuse('it came from another site; type the address instead')
  }
  const here = isLoopback(peer) && !forwarded && isLoopbackName(name)
  return { ok: true, reader: here ? 'local' : 'remote' }
}

/**
 * Judges a request that changes something, after {@link judge}: only by the page itself, which alone
 * knows `token`, and at this machine.
 */
export function judgeAction(
  { method, origin, contentType, token: given }: RequestFacts,
  reader: Reader,
  isToken: (text: string) => boolean,
): Verdict {
  if (method !== 'POST') return refuse('it is not a POST')
  if (reader !== 'local') return refuse('actions are for whoever sits at this machine')
  if (origin === undefined) return refuse('it names no origin')
  if (!contentType?.startsWith('application/json')) return refuse('its body is not JSON')
  if (given === undefined || !isToken(given)) {
    return refuse("it does not bring this page's token; load the page again")
  }
  return { ok: true, reader }
}

/** Whether a request under this name would be answered, and a script of it would be loaded. */
export function isAllowedHost(host: string | undefined, allowed: readonly string[]): boolean {
  const name = hostnameOf(host)
  return name !== undefined && isOurs(name, allowed)
}

/** The name in a `Host` header, in lower case and without brackets; `undefined` for nonsense. */
export function hostnameOf(host: string | undefined): string | undefined {
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return undefined
  try {
    const { hostname } = new URL(`http://${host}`)
    return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  } catch {
    return undefined
  }
}

function isOurs(name: string, allowed: readonly string[]): boolean {
  // Nobody can make an address point elsewhere, as they can a name.
  if (isIP(name) !== 0 || isLoopbackName(name)) return true
  return allowed.some((entry) => {
    const wanted = entry.toLowerCase()
    return wanted.startsWith('.')
      ? name === wanted.slice(1) || name.endsWith(wanted)
      : name === wanted
  })
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name)
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** With the URL's own scheme on both sides: TLS may end before this server. */
function isSameHost(url: string, host: string): boolean {
  try {
    const { protocol, host: theirs } = new URL(url)
    return /^https?:$/.test(protocol) && theirs === new URL(`${protocol}//${host}`).host
  } catch {
    // "null", of sandboxed frames and files.
    return false
  }
}

function refuse(why: string): Verdict {
  return { ok: false, why }
}
