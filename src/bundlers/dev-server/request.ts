import { listInterfaces } from '../../net/interfaces.ts'
import { portFlag } from '../../options/port-flag.ts'
import type { BuiltInPorts } from '../../options/resolve.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import { parsePort } from '../../options/wishes.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { HostService, RunRequest } from '../adapter.ts'
import { envFileNames, typedPort, withPort } from '../own-port.ts'
import type { DevServerOptions } from './types.ts'

/** Where and how the bundler was started. */
export interface DevServerPlace {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly context: string | undefined
  readonly mode: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The port that dev servers take by themselves. */
export const DEV_SERVER_PORT = 8080

/** The ports that are preferred when the plugin's options name no other. */
export function usualPorts(
  options: DevServerOptions,
  env: DevServerPlace['env'],
): Required<Pick<BuiltInPorts, 'dev' | 'hmr'>> {
  const base = parsePort(env.WEBPACK_DEV_SERVER_BASE_PORT ?? '') ?? DEV_SERVER_PORT
  const dev = numericPort(options.port) ?? base
  return { dev, hmr: hmrPort(options) ?? Math.min(dev + 1000, 65_535) }
}

/** A port as dev servers take it; `undefined` for `'auto'` and everything else. */
export function numericPort(port: unknown): number | undefined {
  if (typeof port !== 'number' && typeof port !== 'string') return undefined
  return parsePort(String(port))
}

/** The port that the user's config gives the WebSocket server alone. */
export function hmrPort({ webSocketServer }: DevServerOptions): number | undefined {
  if (typeof webSocketServer !== 'object') return undefined
  return numericPort(webSocketServer.options?.port)
}

/** TLS is spoken; known as far as the user's options tell. */
export function isSecure({ server }: DevServerOptions): boolean {
  const type = typeof server === 'string' ? server : server?.type
  return type === 'https' || type === 'http2' || type === 'spdy'
}

/** What to reserve for a dev server with these options. */
export function devServerRequest(
  options: ResolvedOptions,
  server: DevServerOptions,
  place: DevServerPlace,
): RunRequest {
  const flag = portFlag(place.argv)
  const port = numericPort(server.port)
  const secure = isSecure(server)
  const host = hostOption(server.host)
  const separate = separateHmr(options, server)
  const services = options.services.flatMap((service): HostService[] => {
    if (service.kind === 'external') {
      return [{ service, host: service.host, hold: false, secure: false }]
    }
    const bound = host ?? service.host ?? true
    if (service.kind === 'dev') {
      return [{ service: withPort(service, port), host: bound, hold: true, secure }]
    }
    if (service.kind === 'hmr' && separate) {
      return [{ service: withPort(service, hmrPort(server)), host: bound, hold: true, secure }]
    }
    return []
  })
  const hasHmr = options.services.some(({ kind }) => kind === 'hmr')
  const root = realRoot(place.cwd, options.root ?? place.context)
  return {
    options,
    services,
    shared: hasHmr && !separate && server.webSocketServer !== false ? { hmr: 'dev' } : {},
    typed: typedPort('dev', flag),
    root,
    envDirectory: root,
    envFiles: envFileNames(place.mode ?? 'development'),
  }
}

/** The WebSocket server gets a port of its own. */
export function separateHmr(options: ResolvedOptions, server: DevServerOptions): boolean {
  const service = options.services.find(({ kind }) => kind === 'hmr')
  const { webSocketServer } = server
  if (!service || webSocketServer === false) return false
  // A server of the user's own is theirs to bind.
  if (typeof webSocketServer === 'object' && webSocketServer.options?.server) return false
  return service.separate || hmrPort(server) !== undefined
}

/** `local-ip` and its siblings as the dev server will resolve them; it is asked again before it listens. */
function hostOption(host: string | undefined): string | undefined {
  if (host === 'local-ip') return localIp('IPv4') ?? localIp('IPv6') ?? '0.0.0.0'
  if (host === 'local-ipv4') return localIp('IPv4') ?? '0.0.0.0'
  if (host === 'local-ipv6') return localIp('IPv6') ?? '::'
  return host
}

function localIp(family: 'IPv4' | 'IPv6'): string | undefined {
  const addresses = Object.values(listInterfaces() ?? {}).flatMap((list) => list ?? [])
  return addresses.find((entry) => entry.family === family && !entry.internal)?.address
}
