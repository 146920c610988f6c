import type { Options, ServiceOptions } from '../types.ts'
import { resolveHealth } from './health.ts'
import { resolveEnvNames } from './names.ts'
import { MAX_PORT, parseRange } from './ranges.ts'
import type { ProxyRule, Range, ResolvedPool, ResolvedService, ServiceKind } from './resolved.ts'

/** Default ports of the bundler's own servers; a server that is left out does not exist there. */
export interface BuiltInPorts {
  readonly dev?: number
  readonly hmr?: number
  readonly preview?: number
}

const BUILT_IN = ['dev', 'hmr', 'preview'] as const

/** Ports in a range that nobody wrote. */
const DEFAULT_RANGE_SIZE = 100

/** Where a range begins when neither the user nor the bundler named a port. */
const DEFAULT_RANGE_FROM = 3000

/** What every service inherits from the top level. */
type Inherited = Pick<Options, 'host' | 'strict'>

/** The bundler's services, then the user's in the order written, without those turned off. */
export function resolveServices(
  { services, host, strict }: Options,
  builtIn: BuiltInPorts,
  pools: readonly ResolvedPool[],
): ResolvedService[] {
  const wanted = new Map<string, ServiceOptions | number | boolean>()
  for (const name of BUILT_IN) if (builtIn[name] !== undefined) wanted.set(name, true)
  // A key that is set again keeps its place, so the bundler's services stay first.
  for (const [name, service] of Object.entries(services ?? {})) wanted.set(name, service)
  return [...wanted]
    .filter(([, service]) => service !== false)
    .map(([name, service]) =>
      resolveService(name, toServiceOptions(service), { host, strict }, builtIn, pools),
    )
}

function toServiceOptions(service: ServiceOptions | number | boolean): ServiceOptions {
  if (typeof service === 'number') return { preferred: service }
  return typeof service === 'boolean' ? {} : service
}

function resolveService(
  name: string,
  service: ServiceOptions,
  inherited: Inherited,
  builtIn: BuiltInPorts,
  pools: readonly ResolvedPool[],
): ResolvedService {
  const kind = kindOf(name)
  const pool = pools.find(({ name }) => name === service.pool)
  const range = parseRange(service.range) ?? pool?.range
  // Whoever writes a range doesn't want the bundler's usual port outside it.
  const usual = kind === 'external' || range ? undefined : builtIn[kind]
  const preferred = resolvePreferred(service.preferred, usual)
  const proxy = resolveProxy(service.proxy)
  // Services are proxied to or opened by hand, so a browser may meet any of them.
  const browser = true
  return {
    name,
    kind,
    preferred,
    range: range ?? defaultRange(preferred[0]),
    rangeGiven: range !== undefined,
    pool: service.pool,
    strategy: service.strategy,
    priority: service.priority ?? 0,
    instance: undefined,
    group: service.group,
    protocol: service.protocol ?? 'tcp',
    path: service.path,
    sticky: service.sticky,
    host: service.host ?? inherited.host,
    strict: service.strict ?? inherited.strict,
    required: service.required ?? true,
    browser,
    env: resolveEnvNames({ name, kind, env: service.env, proxied: proxy.length > 0 }),
    proxy,
    health: resolveHealth(service.health, browser, service.protocol === 'udp' ? 'udp' : 'tcp'),
    healthGiven: service.health !== undefined,
    identity: service.identity ?? 'refuse',
    separate: service.separate ?? false,
    description: service.description,
    metadata: service.metadata,
  }
}

function kindOf(name: string): ServiceKind {
  return BUILT_IN.find((kind) => kind === name) ?? 'external'
}

function resolvePreferred(
  given: ServiceOptions['preferred'],
  builtIn: number | undefined,
): readonly number[] {
  const ports = given ?? builtIn ?? []
  return typeof ports === 'number' ? [ports] : [...new Set(ports)]
}

function defaultRange(from: number = DEFAULT_RANGE_FROM): Range {
  return { from, to: Math.min(from + DEFAULT_RANGE_SIZE - 1, MAX_PORT) }
}

function resolveProxy(proxy: ServiceOptions['proxy']): readonly ProxyRule[] {
  if (proxy === undefined) return []
  if (typeof proxy === 'string') return [{ context: proxy, options: {} }]
  if (Array.isArray(proxy)) return [...new Set(proxy)].map((context) => ({ context, options: {} }))
  return Object.entries(proxy).map(([context, options]) => ({
    context,
    options: options === true ? {} : options,
  }))
}
