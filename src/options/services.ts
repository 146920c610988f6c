import type { Options, ServiceOptions } from '../types.ts'
import { resolveHealth } from './health.ts'
import { instanceName, instancesOf, toServiceOptions } from './instances.ts'
import { resolveEnvNames } from './names.ts'
import { MAX_PORT, parseRange } from './ranges.ts'
import type {
  ProxyRule,
  Range,
  ResolvedPool,
  ResolvedService,
  ServiceInstance,
  ServiceKind,
} from './resolved.ts'
import { resolveUpstreams } from './upstreams.ts'
import { wellKnownPort } from './well-known.ts'

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

/** What the services are resolved with, besides the options. */
export interface ServiceContext {
  readonly builtIn: BuiltInPorts
  /** The port variable of `hmr`. */
  readonly hmrVariable: string
  readonly pools: readonly ResolvedPool[]
}

/** What every service inherits from the top level. */
type Inherited = Pick<Options, 'host' | 'strict' | 'onConflict'>

/**
 * The bundler's services, then the user's in the order written, without those turned off. An entry
 * with `count` stands there once for each of its ports.
 */
export function resolveServices(
  { services, host, strict, onConflict }: Options,
  context: ServiceContext,
): ResolvedService[] {
  const { builtIn } = context
  const wanted = new Map<string, ServiceOptions | number | boolean>()
  for (const name of BUILT_IN) if (builtIn[name] !== undefined) wanted.set(name, true)
  // A key that is set again keeps its place, so the bundler's services stay first.
  for (const [name, service] of Object.entries(services ?? {})) wanted.set(name, service)
  return [...wanted]
    .filter(([, service]) => service !== false)
    .flatMap(([name, service]) => {
      const options = toServiceOptions(service)
      return instancesOf(name, options).map((instance) =>
        resolveService(name, options, { host, strict, onConflict }, context, instance),
      )
    })
}

function resolveService(
  entry: string,
  service: ServiceOptions,
  inherited: Inherited,
  { builtIn, hmrVariable, pools }: ServiceContext,
  instance: ServiceInstance | undefined,
): ResolvedService {
  const kind = kindOf(entry)
  const wellKnown = kind === 'external' ? wellKnownPort(entry) : undefined
  const pool = pools.find(({ name }) => name === service.pool)
  const range = parseRange(service.range) ?? pool?.range
  // Whoever writes a range doesn't want the usual port outside it.
  const usual = range ? undefined : kind === 'external' ? wellKnown?.port : builtIn[kind]
  const preferred = resolvePreferred(service.preferred, usual)
  const { protocol = 'tcp' } = service
  const index = instance?.index ?? 1
  const proxy = index === 1 ? resolveProxy(service.proxy) : []
  // What is forwarded to by the dev server speaks HTTP, whatever its name.
  const scheme = service.proxy === undefined ? (wellKnown?.scheme ?? 'http') : 'http'
  // Services are proxied to or opened by hand, so a browser may meet any of them.
  const browser = protocol === 'tcp' && scheme === 'http'
  return {
    name: instanceName(entry, index),
    kind,
    preferred,
    range: range ?? defaultRange(preferred[0]),
    rangeGiven: range !== undefined,
    pool: service.pool,
    strategy: service.strategy,
    priority: service.priority ?? 0,
    instance,
    group: service.group,
    protocol,
    path: service.path,
    sticky: service.sticky,
    host: service.host ?? inherited.host,
    strict: service.strict ?? inherited.strict,
    required: service.required ?? true,
    browser,
    scheme,
    env: resolveEnvNames({
      name: entry,
      kind,
      protocol,
      env: service.env,
      proxied: proxy.length > 0,
      hmrVariable,
      hasUrl: protocol !== 'tcp' || browser,
      instance,
    }),
    proxy,
    health: resolveHealth(service.health, browser, protocol === 'udp' ? 'udp' : 'tcp'),
    healthGiven: service.health !== undefined,
    identity: service.identity ?? 'refuse',
    onConflict: service.onConflict ?? inherited.onConflict ?? 'warn',
    upstreams: resolveUpstreams(service.upstreams),
    balance: service.balance ?? 'round-robin',
    weights: service.weights ?? [],
    separate: service.separate ?? false,
    description: service.description,
    metadata: service.metadata,
  }
}

/** Who makes the server of an entry of this name listen. */
export function kindOf(name: string): ServiceKind {
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
