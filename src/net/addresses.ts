import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { createServer, isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { withDeadline } from '../utils/deadline.ts'
import { forAMoment } from '../utils/for-a-moment.ts'
import { listInterfaces } from './interfaces.ts'
import { listenSync } from './listen-sync.ts'

/** Where a server binds, as precisely as the operating system sees it. */
export interface BindAddress {
  /** What the server was told: a name, a literal, or `undefined` for all interfaces. */
  readonly host: string | undefined
  /** IP literal to bind; `undefined` for all interfaces of both families. */
  readonly address: string | undefined
  /** Not looked up: the server's own lookup may give another address. */
  readonly guessed?: boolean
}

/** What this machine can bind. */
export interface MachineAddresses {
  readonly platform: NodeJS.Platform
  /** `::1` exists. */
  readonly ipv6: boolean
}

/** A name lookup that takes longer is given up. */
export const LOOKUP_TIMEOUT_MS = 1000

/** Names and interfaces are as they were for so long, in milliseconds: asking costs more than a bind. */
const UNCHANGED_MS = 1000

/** A machine without `::1` has no IPv6 loopback to check or bind. Up to a second old. */
export function machineAddresses(): MachineAddresses {
  return { platform: process.platform, ipv6: hasIPv6Loopback() }
}

const hasIPv6Loopback = forAMoment<void, boolean>(UNCHANGED_MS, () => {
  const interfaces = listInterfaces()
  if (!interfaces) return bindsIPv6Loopback()
  return Object.values(interfaces).some((list) => list?.some((entry) => entry.address === '::1'))
})

/** Tries it; for systems that don't list their interfaces. */
function bindsIPv6Loopback(): boolean {
  const server = createServer().on('error', () => {})
  const bound = listenSync(server, 0, '::1')
  if (bound) server.close()
  return bound
}

/**
 * The exact address that a server with this `host` option will bind.
 *
 * `undefined` and `false` mean `localhost`, as in Vite; `true` means all interfaces.
 *
 * @returns `undefined` when the name does not resolve within a second.
 */
export async function resolveBindAddress(
  host: string | boolean | undefined,
  lookUp?: (name: string) => Promise<readonly { address: string }[]>,
): Promise<BindAddress | undefined> {
  const literal = literalBindAddress(host)
  if (literal) return literal
  const name = typeof host === 'string' ? host : 'localhost'
  return lookUp === undefined ? resolveNow(name) : resolveName(name, lookUp)
}

const resolveNow = forAMoment(UNCHANGED_MS, (name: string) =>
  resolveName(name, (each) => lookup(each, { all: true })),
)

async function resolveName(
  name: string,
  lookUp: (name: string) => Promise<readonly { address: string }[]>,
): Promise<BindAddress | undefined> {
  const found = await withDeadline(
    lookUp(name).catch(() => []),
    LOOKUP_TIMEOUT_MS,
    [],
  )
  // Node passes over link-local addresses too: they can't be bound without a zone.
  const usable = found.find((entry) => !/^fe[89ab]/i.test(entry.address))
  if (usable) return { host: name, address: usable.address }
  // RFC 6761: `localhost` is loopback whatever the resolver says.
  return name === 'localhost' ? { host: name, address: '127.0.0.1' } : undefined
}

/** Like {@link resolveBindAddress}, for hosts that need no lookup; `undefined` for names. */
export function literalBindAddress(host: string | boolean | undefined): BindAddress | undefined {
  if (host === true || host === '') return { host: undefined, address: undefined }
  if (typeof host !== 'string') return undefined
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return isIP(bare) ? { host: bare, address: bare } : undefined
}

/**
 * The address that a server with this `host` will most likely bind, without waiting for a resolver:
 * what the hosts file says of the name, else the IPv4 loopback. `guessed` says that it may be another.
 */
export function guessBindAddress(
  host: string | boolean | undefined,
  platform: NodeJS.Platform = process.platform,
): BindAddress {
  const literal = literalBindAddress(host)
  if (literal) return literal
  const name = typeof host === 'string' ? host : 'localhost'
  return { host: name, address: hostsFileAddress(name, platform) ?? '127.0.0.1', guessed: true }
}

/** The address that the hosts file has for `name`; `undefined` when it has none. */
export function hostsFileAddress(name: string, platform: NodeJS.Platform): string | undefined {
  const file = platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // Not every system has one.
    return undefined
  }
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (isIP(address) && names.includes(name)) return address
  }
  return undefined
}

/** The host part of a URL for a server bound there. */
export function urlHostname(bound: BindAddress): string {
  const { host } = bound
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost'
  // Asked for every request of a proxy, and nearly always plain.
  if (/^[a-z\d.-]+$/.test(host)) return host
  // Env files and proxies take ASCII only.
  return host.includes(':') ? `[${host}]` : domainToASCII(host) || host
}

/**
 * The addresses besides the bound one on which a listener would make the port busy: every one that
 * `localhost` may mean, since a browser that resolves it the other way would reach the stranger.
 * `undefined` stands for all interfaces.
 */
export function addressesToCheck(
  bound: BindAddress,
  machine: MachineAddresses,
): readonly (string | undefined)[] {
  const loopbacks = machine.ipv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  if (machine.platform !== 'linux') {
    // Elsewhere a wildcard and a specific bind may stand side by side, so nothing covers anything.
    return [...loopbacks, '0.0.0.0', undefined].filter((address) => address !== bound.address)
  }
  if (bound.address === undefined || bound.address === '::') return []
  return loopbacks.filter(
    (address) =>
      address !== bound.address && !(bound.address === '0.0.0.0' && address === '127.0.0.1'),
  )
}
