import type { ServerOptions as HttpsOptions } from 'node:https'
import { resolve } from 'node:path'
import type { ConfigEnv, Plugin, UserConfig } from 'vite'
import type { BuiltInPorts } from '../../options/resolve.ts'
import type { ResolvedOptions, ResolvedService } from '../../options/resolved.ts'
import { portFlag } from '../../options/port-flag.ts'
import type { HostService, RunRequest } from '../adapter.ts'
import { envFileNames, typedPort, withPort } from '../own-port.ts'
import { realRoot } from '../../utils/real-root.ts'

/** Vite's own defaults. */
export const VITE_PORTS = { dev: 5173, hmr: 24_678, preview: 4173 } as const

/** Astro's own default. */
const ASTRO_PORT = 4321

/** What a config says of the HMR socket, under its old name (`hmr`) and its new one (`ws`). */
export interface HmrSettings {
  readonly port?: number
  readonly clientPort?: number
  readonly server?: unknown
}

/** The part of Vite's config that says where its servers listen. */
export interface ViteHost {
  readonly preview: boolean
  readonly middlewareMode: boolean
  readonly https: HttpsOptions | undefined
  readonly hmr: HmrSettings
  /** How HMR reaches the browser: over `dev`, over a port of its own, or not by our doing. */
  readonly hmrMode: 'shared' | 'separate' | 'none'
}

/** Whether this config becomes a server that needs ports: no build, and not Vitest's own server. */
export function needsPorts(config: UserConfig, env: ConfigEnv): boolean {
  const plugins = flatPlugins(config.plugins)
  return env.command === 'serve' && !plugins.some(({ name }) => name === 'vitest')
}

/** Whether `hooks` belong to the first `ports()` of the config; a further one adds services only. */
export function isFirst(config: UserConfig, hooks: Partial<Plugin>): boolean {
  const first = flatPlugins(config.plugins).find(({ name }) => name === 'unplugin-ports')
  return first === undefined || first.config === hooks.config
}

function flatPlugins(plugins: unknown): Partial<Plugin>[] {
  if (Array.isArray(plugins)) return plugins.flatMap(flatPlugins)
  const isPlugin = typeof plugins === 'object' && plugins !== null && 'name' in plugins
  return isPlugin ? [plugins as Partial<Plugin>] : []
}

/** The ports that Vite's servers take when the plugin's options prefer no other. */
export function usualPorts(config: UserConfig): Required<BuiltInPorts> {
  const { server, preview } = config
  // Astro passes its port on only when the server is to listen.
  const isAstro = flatPlugins(config.plugins).some(({ name }) => name?.startsWith('astro:'))
  return {
    dev: server?.port || (isAstro ? ASTRO_PORT : VITE_PORTS.dev),
    hmr: hmrSettings(server).port || VITE_PORTS.hmr,
    preview: preview?.port || VITE_PORTS.preview,
  }
}

/** Reads a merged config; `service` is what the options say of `hmr`, if it is wanted at all. */
export function readHost(
  config: UserConfig,
  env: ConfigEnv,
  service: ResolvedService | undefined,
): ViteHost {
  const server = config.server ?? {}
  const preview = env.isPreview === true
  const https = preview ? (config.preview?.https ?? server.https) : server.https
  const ws = (server as { ws?: unknown }).ws
  const hmr = hmrSettings(server)
  const middlewareMode = Boolean(server.middlewareMode)
  const ownPort = hmr.port !== undefined && hmr.port !== server.port
  const off = preview || !service || ws === false || hmr.server !== undefined
  const separate = middlewareMode || ownPort || service?.separate
  return {
    preview,
    middlewareMode,
    https: https || undefined,
    hmr,
    hmrMode: off ? 'none' : separate ? 'separate' : 'shared',
  }
}

function hmrSettings(server: UserConfig['server'] = {}): HmrSettings {
  return { ...settings(server.hmr), ...settings((server as { ws?: unknown }).ws) }
}

function settings(value: unknown): HmrSettings {
  return typeof value === 'object' && value !== null ? value : {}
}

/** Where and how the run was started. */
export interface RunPlace {
  readonly argv: readonly string[]
  readonly cwd: string
  /** In middleware mode: the options name `dev` for the user's own server. */
  readonly ownServer: boolean
}

/**
 * What to reserve for a Vite server: its own ports with the user's `server.port`, `strictPort` and
 * `host`, and the services behind its proxy.
 */
export function runRequest(
  options: ResolvedOptions,
  config: UserConfig,
  env: ConfigEnv,
  host: ViteHost,
  { argv, cwd, ownServer }: RunPlace,
): RunRequest {
  const root = realRoot(cwd, options.root ?? config.root)
  const own = host.preview ? 'preview' : 'dev'
  const server = host.preview ? { ...config.server, ...config.preview } : (config.server ?? {})
  const flag = portFlag(argv)
  // The flag may be another tool's: it is Vite's when it has reached the config.
  const typed = flag === server.port ? flag : undefined
  const bindHost = (service: ResolvedService): string | boolean | undefined =>
    server.host ?? service.host
  const services = options.services.flatMap((service): HostService[] => {
    const secure = Boolean(host.https)
    if (service.kind === 'external') {
      return [{ service, host: service.host, hold: false, secure: false }]
    }
    if (service.kind === 'hmr') {
      if (host.hmrMode !== 'separate') return []
      const wanted = withPort(service, host.hmr.port)
      return [{ service: wanted, host: bindHost(service), hold: true, secure }]
    }
    if (service.kind !== own) return []
    if (host.middlewareMode) {
      // The server is the user's. It may have reserved the port by itself; if not, it binds it by itself.
      return [{ service, host: bindHost(service), hold: false, secure, guest: !ownServer }]
    }
    const strict = service.strict ?? server.strictPort
    const wanted = { ...withPort(service, server.port), strict }
    return [{ service: wanted, host: bindHost(service), hold: true, secure }]
  })
  const envDir = (config.envDir as string | false | undefined) || '.'
  return {
    options,
    services,
    shared: host.hmrMode === 'shared' && hasService(services, 'dev') ? { hmr: 'dev' } : {},
    typed: typedPort(own, typed),
    root,
    envDirectory: resolve(root, envDir),
    envFiles: envFileNames(env.mode),
  }
}

function hasService(services: readonly HostService[], name: string): boolean {
  return services.some(({ service }) => service.name === name)
}
