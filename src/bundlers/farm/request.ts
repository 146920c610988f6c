import { portFlag } from '../../options/port-flag.ts'
import type { BuiltInPorts } from '../../options/resolve.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import { parsePort } from '../../options/wishes.ts'
import type { Wish } from '../../plan/plan.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { HostService, RunRequest } from '../adapter.ts'
import { envFileNames, typedPort, withPort } from '../own-port.ts'
import type { FarmConfig, FarmHmr, FarmServerOptions } from './types.ts'

/** The port that Farm's dev server takes by itself. */
const FARM_PORT = 9000
/** Commands of Farm's that start no dev server. */
const SERVERLESS = new Set(['build', 'watch', 'preview', 'clean'])

/** Where and how Farm was started. */
export interface FarmPlace {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Whether this config becomes a dev server. */
export function needsPorts({ compilation }: FarmConfig, { argv, env }: FarmPlace): boolean {
  // Farm says so itself, before it reads the config; the config may claim another mode.
  if (env.NODE_ENV === 'production' || compilation?.mode === 'production') return false
  return !(isCommand(argv) && SERVERLESS.has(argv[2] ?? ''))
}

/** The ports that are preferred when the plugin's options name no other. */
export function usualPorts(
  server: FarmServerOptions,
  env: FarmPlace['env'],
): Required<Pick<BuiltInPorts, 'dev' | 'hmr'>> {
  const dev = server.port || parsePort(env.FARM_DEFAULT_SERVER_PORT ?? '') || FARM_PORT
  return { dev, hmr: hmrOf(server).port ?? Math.min(dev + 1000, 65_535) }
}

/** The `hmr` settings; empty for `true` and for none. */
export function hmrOf({ hmr }: FarmServerOptions): FarmHmr {
  return typeof hmr === 'object' ? hmr : {}
}

/** HMR gets a port of its own: when asked for, and where Farm would bind another host for it. */
export function separateHmr(options: ResolvedOptions, server: FarmServerOptions): boolean {
  const service = options.services.find(({ kind }) => kind === 'hmr')
  if (!service || server.hmr === false) return false
  const { host = server.host ?? true } = hmrOf(server)
  return service.separate || host !== (server.host ?? true)
}

/** What to reserve for a dev server with this config. */
export function farmRequest(
  options: ResolvedOptions,
  config: FarmConfig,
  place: FarmPlace,
): RunRequest {
  const server = config.server ?? {}
  const separate = separateHmr(options, server)
  const secure = Boolean(server.https)
  const services = options.services.flatMap((service): HostService[] => {
    if (service.kind === 'external') {
      return [{ service, host: service.host, hold: false, secure: false }]
    }
    const host = server.host ?? service.host ?? true
    if (service.kind === 'dev') {
      const strict = service.strict ?? server.strictPort
      const wanted = { ...withPort(service, server.port), strict }
      return [{ service: wanted, host, hold: true, secure }]
    }
    if (service.kind !== 'hmr' || !separate) return []
    const { port, host: own = host } = hmrOf(server)
    return [{ service: withPort(service, port), host: own, hold: true, secure }]
  })
  const hasHmr = options.services.some(({ kind }) => kind === 'hmr')
  const root = realRoot(place.cwd, options.root ?? config.root)
  return {
    options,
    services,
    shared: hasHmr && !separate && server.hmr !== false ? { hmr: 'dev' } : {},
    typed: typedPorts(server, place),
    root,
    envDirectory: config.envDir ?? root,
    envFiles: envFileNames(config.compilation?.mode ?? 'development'),
  }
}

function typedPorts(
  server: FarmServerOptions,
  { argv, env }: FarmPlace,
): Readonly<Record<string, readonly Wish[]>> {
  const flag = portFlag(argv)
  // The flag of another tool is Farm's when it has reached the config.
  if (flag !== undefined && (isCommand(argv) || flag === server.port)) return typedPort('dev', flag)
  const from = 'FARM_DEV_SERVER_PORT'
  const port = parsePort(env[from] ?? '')
  return port === undefined ? {} : { dev: [{ port, source: 'env', from }] }
}

function isCommand(argv: readonly string[]): boolean {
  return /[\\/]farm(\.[cm]?js)?$/.test(argv[1] ?? '')
}
