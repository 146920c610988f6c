import type { RsbuildPlugin, RsbuildPluginAPI, ServerConfig } from '@rsbuild/core'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { effectiveOptions } from '../../config/effective-options.ts'
import type { ServerOptions as HttpsOptions } from 'node:https'
import { portFlag } from '../../options/port-flag.ts'
import type { ResolvedOptions, ResolvedService } from '../../options/resolved.ts'
import { registry } from '../../reservation/registry.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { Options } from '../../types.ts'
import { realRoot } from '../../utils/real-root.ts'
import type { HostService, Run, RunRequest, StartRun } from '../adapter.ts'
import { configured } from '../configured.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { prefixTitle } from '../title.ts'
import { envFileNames, typedPort, withPort } from '../own-port.ts'
import { passPortCheck } from '../port-check.ts'
import { addQrShortcut } from './qr-shortcut.ts'
import { hostList, mountStatusPage } from '../status-page.ts'
import { pathsKeyOf, proxyOptions } from './proxy.ts'

/** The port that Rsbuild takes by itself, for both of its servers. */
const RSBUILD_PORT = 3000

/** What the adapter needs of the process and of the session. */
export interface RsbuildWorld {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly startRun: StartRun
}

/** A config that has its ports and waits for the server made from it. */
interface Pending {
  readonly run: Run
  readonly options: ResolvedOptions
  readonly own: PortReservation | undefined
  readonly hmr: PortReservation | undefined
  readonly https: HttpsOptions | undefined
  /** Ends the wait for Rsbuild's port check. */
  readonly checked: () => void
}

type Addresses = Record<string, { port: number; url: string }>

/**
 * The Rsbuild plugin of one `ports()`, and where its services are.
 *
 * @param refresh Called when addresses have changed while a server runs.
 */
export function rsbuildHooks(
  given: Options | undefined,
  world: () => RsbuildWorld,
  refresh: () => void,
): { plugin: RsbuildPlugin; addresses: () => Addresses } {
  let pending: Pending | undefined
  let latest: Run | undefined

  const setup = (api: RsbuildPluginAPI): void => {
    const { action } = api.context
    if (action === 'build') return
    const logger = {
      info: (message: string) => api.logger.log(message),
      warn: (message: string) => api.logger.warn(message),
      error: (message: string) => api.logger.error(message),
    }
    api.modifyRsbuildConfig({
      // Last, so that what other plugins set counts as the user's wish.
      order: 'post',
      async handler(config) {
        const server = config.server ?? {}
        const preview = action === 'preview'
        const usual = Number(server.port) || RSBUILD_PORT
        const place = { ...world(), root: api.context.rootPath, preview }
        const found = await effectiveOptions({
          given,
          cwd: place.cwd,
          root: place.root,
          mode: modeOf(place),
          builtIn: { dev: usual, hmr: usual + 1000, preview: usual },
        })
        const { options } = found
        const asked = configured(found, ({ options }) => request(options, server, place))
        const run = await place.startRun(asked)
        latest = run
        const own = run.reservation(preview ? 'preview' : 'dev')
        const hmr = run.reservation('hmr')
        const checked = own ? passPortCheck(own) : () => {}
        const https = typeof server.https === 'object' ? (server.https as HttpsOptions) : undefined
        pending = { run, options, own, hmr, https, checked }
        config.server = { ...server, ...(own && { port: own.port, strictPort: true }) }
        if (own?.host !== undefined && server.host === undefined) config.server.host = own.host
        const key = pathsKeyOf(api.context.version)
        const proxy = proxyOptions(run, options, server.proxy, logger, key)
        if (proxy) config.server.proxy = proxy
        addQrShortcut(config, () => latest, logger)
        if (hmr) {
          config.dev = { ...config.dev, client: { ...config.dev?.client, port: hmr.port } }
        }
      },
    })

    let close: (() => Promise<unknown>) | undefined
    const attach = (server: {
      close?: () => Promise<unknown>
      httpServer: unknown
      connectWebSocket?: (on: { server: Server }) => void
    }): void => {
      const taken = pending
      pending = undefined
      if (!taken) return
      const { run, own, hmr, https, checked } = taken
      checked()
      close = server.close?.bind(server)
      run.report(logger)
      const http = server.httpServer as Server | null
      const hmrServer = hmr && createHmrServer(https)
      if (hmr && hmrServer) {
        handOver(hmrServer, hmr)
        hmr.adoptWhenFree(hmrServer)
        api.onAfterStartDevServer(() => server.connectWebSocket?.({ server: hmrServer }))
      }
      const end = (): void => {
        closeHmrServer(hmrServer)
        // The command line closes a server to start the next one, or to end; it doesn't say which.
        if (isCommand(world().argv)) run.use.session.linger(run.use)
        else run.close()
      }
      if (isCommand(world().argv)) for (const port of [own, hmr]) if (port) port.keepAtClose = true
      if (http && own) handOver(http, own)
      if (http) {
        const settings = () => api.getNormalizedConfig().server
        mountStatusPage(http, run, {
          service: action === 'preview' ? 'preview' : 'dev',
          allowedHosts: () => hostList(settings().allowedHosts, settings().host),
          base: () => settings().base,
        })
      }
      http?.once('close', end)
      api.onCloseDevServer(end)
      api.onExit(() => run.close())
    }
    // Missing in the first versions of Rsbuild 1.
    api.modifyHTML?.((html) => {
      const prefix = latest?.titlePrefix
      return prefix === undefined ? html : prefixTitle(html, prefix)
    })
    // See `exitHook` of @rsbuild/core, from 1.0 on.
    registry().yieldsOnInterrupt = true
    api.onBeforeStartDevServer(({ server }) => attach(server as Parameters<typeof attach>[0]))
    api.onBeforeStartPreviewServer?.(({ server }) => attach(server as Parameters<typeof attach>[0]))
    const started = (): void => {
      latest?.printSummary(logger)
      const { rootPath } = api.context
      const envFiles = envFileNames(modeOf({ preview: action === 'preview' }))
      const watched = isCommand(world().argv)
        ? envFiles.map((name) => join(rootPath, name)).filter((file) => existsSync(file))
        : []
      latest?.followConfig({
        logger,
        proxies: true,
        // The command line watches the env files that it has read.
        ...(close && { stop: close }),
        restartsFor: (file) => watched.includes(file),
        refresh,
      })
    }
    api.onAfterStartDevServer(started)
    api.onAfterStartPreviewServer?.(started)
  }
  return {
    plugin: { name: 'unplugin-ports', setup },
    addresses: () => latest?.addresses() ?? {},
  }
}

function isCommand(argv: readonly string[]): boolean {
  return /[\\/]rsbuild(\.[cm]?js)?$/.test(argv[1] ?? '')
}

interface Place {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly root: string
  readonly preview: boolean
}

function modeOf({ preview }: Pick<Place, 'preview'>): string {
  return preview ? 'production' : 'development'
}

function request(options: ResolvedOptions, server: ServerConfig, place: Place): RunRequest {
  const own = place.preview ? 'preview' : 'dev'
  const configured = Number(server.port) || undefined
  // Rsbuild has filled in its default by now, and that is no wish of anybody's.
  const port = configured === RSBUILD_PORT ? undefined : configured
  const flag = portFlag(place.argv)
  const secure = Boolean(server.https)
  // Rsbuild gets `server.host` from its own default when nobody says anything.
  const host = (service: ResolvedService) => server.host ?? service.host
  const services = options.services.flatMap((service): HostService[] => {
    if (service.kind === 'external') {
      return [{ service, host: service.host, hold: false, secure: false }]
    }
    const bound = host(service) as string | boolean | undefined
    if (service.kind === 'hmr') {
      const separate = service.separate && !place.preview
      return separate ? [{ service, host: bound, hold: true, secure }] : []
    }
    if (service.kind !== own || server.middlewareMode) return []
    const strict = service.strict ?? server.strictPort
    const wanted = { ...withPort(service, port), strict }
    return [{ service: wanted, host: bound, hold: true, secure }]
  })
  const shares = options.services.some(({ kind, separate }) => kind === 'hmr' && !separate)
  const root = realRoot(place.cwd, options.root ?? place.root)
  return {
    options,
    services,
    shared: shares && own === 'dev' && !server.middlewareMode ? { hmr: 'dev' } : {},
    typed: typedPort(own, flag === configured ? flag : undefined),
    root,
    envDirectory: root,
    envFiles: envFileNames(modeOf(place)),
  }
}
