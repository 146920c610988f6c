import type { IncomingMessage, Server } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { HostLogger, Run } from '../adapter.ts'
import {
  overriddenPaths,
  type PathTest,
  pathTest,
  type ProxiedService,
  proxiedService,
  proxyEntries,
} from '../http-proxy.ts'
import type { FarmProxies } from './types.ts'

/** One path that is proxied. */
export interface FarmProxyRule {
  readonly context: string
  readonly matches: PathTest
  /** With http-proxy-middleware's options. */
  readonly entry: Record<string, unknown>
}

/** The proxied paths of all services, without those that the user's own config has. */
export function proxyRules(
  run: Run,
  options: ResolvedOptions,
  written: FarmProxies = {},
  logger: HostLogger,
): FarmProxyRule[] {
  const known = Object.entries(written).map(([context, value]) => ({
    context,
    ...(typeof value === 'string' ? { target: value } : value),
  }))
  return options.services.flatMap(({ name, proxy }) => {
    const reservation = run.reservation(name)
    if (!reservation) return []
    const serviceOf = (rules: typeof proxy): ProxiedService =>
      proxiedService(reservation, rules, run)
    for (const path of overriddenPaths(serviceOf(proxy), known)) {
      run.warn([
        `server.proxy["${path}"] in your config names another target than ${reservation.url}, so requests don't follow "${name}". Remove that entry.`,
      ])
    }
    return proxy.flatMap((rule) => {
      const { context } = rule
      const matches = pathTest(context)
      return proxyEntries(serviceOf([rule]), known, logger).map(
        ({ context: _context, onError: _onError, ...entry }) => ({ context, matches, entry }),
      )
    })
  })
}

/**
 * The rules as Farm's `server.proxy`, for HTTP alone. Farm gives every WebSocket to its first
 * proxy, however many there are and whatever its path, and reports it as a failed HMR connection.
 */
export function httpProxies(rules: readonly FarmProxyRule[]): FarmProxies | undefined {
  if (rules.length === 0) return undefined
  return Object.fromEntries(
    rules.map(({ context, matches, entry }) => [
      context.startsWith('^') ? context : `^${escapeRegExp(context)}`,
      { ...entry, ws: false, pathFilter: matches },
    ]),
  )
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void
type CreateProxy = (options: object) => { upgrade: Upgrade }

/**
 * Proxies WebSockets on the paths of `rules`, before Farm hears of them.
 *
 * @param from Directories in which Farm is looked for; its proxy is used.
 */
export function proxySockets(
  server: Server,
  rules: readonly FarmProxyRule[],
  from: readonly string[],
): void {
  const create = rules.length > 0 ? farmsProxy(from) : undefined
  if (!create) return
  const proxies = rules
    .filter(({ entry }) => entry.ws !== false)
    .map(({ matches, entry }) => ({
      matches,
      proxy: create({ ...entry, ws: false, pathFilter: matches }),
    }))
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean
  server.emit = ((event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== 'upgrade') return emit(event, ...args)
    const [request, socket, head] = args as Parameters<Upgrade>
    const found = proxies.find(({ matches }) => matches(request.url ?? '/'))
    if (!found) return emit(event, ...args)
    found.proxy.upgrade(request, socket, head)
    return true
  }) as Server['emit']
}

/** http-proxy-middleware as Farm has it. */
function farmsProxy(from: readonly string[]): CreateProxy | undefined {
  for (const directory of from) {
    try {
      const farm = createRequire(join(directory, 'package.json')).resolve('@farmfe/core')
      const loaded = createRequire(farm)('http-proxy-middleware') as Record<string, unknown>
      return loaded.createProxyMiddleware as CreateProxy
    } catch {
      // Not there; the next place may have it.
    }
  }
  return undefined
}
