import type { Server } from 'node:http'
import { resolve } from 'node:path'
import type { ConfigEnv, Plugin, PreviewServer, UserConfig, ViteDevServer } from 'vite'
import {
  type EffectiveOptions,
  effectiveOptions,
  type HostQuery,
} from '../../config/effective-options.ts'
import { resolveOptions } from '../../options/resolve.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { Options } from '../../types.ts'
import type { ConfigFollower, HostLogger, Run, StartRun } from '../adapter.ts'
import { configured } from '../configured.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { announceRun, restartFrom } from '../restart.ts'
import { followListenPort } from './explicit-port.ts'
import { portFlag } from '../../options/port-flag.ts'
import {
  STATUS_PATH,
  hostList,
  mountStatusPage,
  statusMiddleware,
  type StatusPlace,
} from '../status-page.ts'
import { envFileNames } from '../own-port.ts'
import { isFirst, needsPorts, readHost, runRequest, usualPorts, type ViteHost } from './host.ts'
import { prefixTitle } from '../title.ts'
import { RESOLVED_ID } from '../../virtual-module.ts'
import { hmrOptionName, injectPorts } from './inject.ts'
import { hideOwnWrites } from './own-writes.ts'
import { devtoolsDock, type DevtoolsHook } from './devtools-dock.ts'
import { addQrShortcut } from './qr-shortcut.ts'
import { hideWildcardWarning } from './wildcard-warning.ts'

/** Ports of a config that never became a server are given back after this, in milliseconds. */
const ABANDONED_AFTER_MS = 120_000

/** With the prefix that lets client code read it. */
const HMR_VARIABLE = 'VITE_HMR_PORT'

/** What the adapter needs of the process. */
export interface ViteWorld {
  readonly argv: readonly string[]
  readonly cwd: string
}

/** A run between Vite's `config` hook and the server made from that config. */
interface Pending {
  readonly run: Run
  /** Of the first `ports()` of the config, whose server this is. */
  readonly first: boolean
  readonly hmrServer: Server | undefined
  readonly abandoned: NodeJS.Timeout
}

/** The Vite side of one `ports()`. */
export interface ViteHooks {
  readonly plugin: Partial<Plugin>
  /** Of the latest server; empty before one and in builds. */
  addresses(): Record<string, { port: number; url: string }>
}

/** Hooks that reserve ports before Vite reads its env files and hand the held sockets to its servers. */
export function viteHooks(
  given: Options | undefined,
  startRun: StartRun,
  world: () => ViteWorld,
): ViteHooks {
  let pending: Pending | undefined
  let latest: Run | undefined
  let hasPage = false
  let logger: HostLogger = console

  const take = (): Pending | undefined => {
    const taken = pending
    pending = undefined
    clearTimeout(taken?.abandoned)
    return taken
  }

  const plugin: Partial<Plugin> & { devtools: DevtoolsHook } = {
    devtools: devtoolsDock(() => (hasPage ? `${STATUS_PATH}/` : undefined)),
    config: {
      // Last, so that what frameworks set in their own hooks counts as the user's wish.
      order: 'post',
      async handler(config, env): Promise<UserConfig | undefined> {
        if (!needsPorts(config, env)) return undefined
        const { argv, cwd } = world()
        const builtIn = usualPorts(config)
        const query = {
          given,
          cwd,
          root: config.root,
          mode: env.mode,
          builtIn,
          hmrVariable: HMR_VARIABLE,
        }
        const first = isFirst(config, plugin)
        const found = first ? await effectiveOptions(query) : onlyMore(query)
        const request = configured(found, ({ options, named }) =>
          runRequest(options, config, env, hostOf(options, config, env), {
            argv,
            cwd,
            // In middleware mode `dev` is a server of the user's own, there only when asked for.
            ownServer: named.has('dev'),
          }),
        )
        const { options } = found
        const host = hostOf(options, config, env)
        const run = await startRun(request)
        const hmrServer = run.reservation('hmr') && createHmrServer(host.https)
        const abandoned = setTimeout(() => {
          if (pending?.run === run) take()?.run.close()
        }, ABANDONED_AFTER_MS)
        abandoned.unref()
        pending = { run, first, hmrServer, abandoned }
        hasPage = first && run.hasStatusPage
        latest = run
        const option = hmrOptionName(versionOf(this))
        const hmr = { server: hmrServer, option }
        const injection = injectPorts(run, options, config, host, hmr, () => logger)
        run.warn(injection.warnings)
        return injection.config
      },
    },
    transformIndexHtml: {
      // Last, so that no other plugin puts a title in its place.
      order: 'post',
      handler(html) {
        const prefix = latest?.titlePrefix
        return prefix === undefined ? undefined : prefixTitle(html, prefix)
      },
    },
    configureServer(server) {
      const taken = take()
      if (!taken) return undefined
      logger = server.config.logger
      taken.run.report(logger)
      attach(server, taken)
      followListenPort(server, taken.run, portFlag(world().argv))
      addQrShortcut(server, taken.run)
      // Vite prints no URLs in middleware mode, so nobody would ask for the summary.
      return server.config.server.middlewareMode
        ? () => taken.run.printSummary(server.config.logger)
        : undefined
    },
    configurePreviewServer(server) {
      const taken = take()
      if (!taken) return
      logger = server.config.logger
      taken.run.report(logger)
      attachPreview(server, taken)
      addQrShortcut(server, taken.run)
    },
  }
  return { plugin, addresses: () => latest?.addresses() ?? {} }
}

/** What a further `ports()` of the same config adds: the servers and the config file belong to the first. */
function onlyMore({ given, builtIn }: HostQuery): EffectiveOptions {
  const all = resolveOptions(given, builtIn)
  const services = all.services.filter((service) => service.kind === 'external')
  const found: EffectiveOptions = {
    options: { ...all, services },
    named: new Set(),
    file: undefined,
    packages: [],
    stamp: '',
    root: all.root ?? '',
    // The config file is the first one's.
    places: () => [],
    composeFiles: new Map(),
    again: () => Promise.resolve(found),
  }
  return found
}

function hostOf(options: ResolvedOptions, config: UserConfig, env: ConfigEnv): ViteHost {
  return readHost(
    config,
    env,
    options.services.find(({ kind }) => kind === 'hmr'),
  )
}

function versionOf(context: unknown): string | undefined {
  return (context as { meta?: { viteVersion?: string } } | undefined)?.meta?.viteVersion
}

/** Ties a run to a dev server: handover, restart, summary, close. */
function attach(server: ViteDevServer, { run, first, hmrServer }: Pending): void {
  announceRun(run)
  const dev = run.reservation('dev')
  const http = server.httpServer
  if (dev && http) {
    hideWildcardWarning(server.config.logger, dev.port)
    handOver(http, dev)
    http.once('close', () => end())
  }
  if (first) mountStatus(server, run, http)
  const hmr = run.reservation('hmr')
  if (hmrServer && hmr) {
    handOver(hmrServer, hmr)
    hmr.adoptWhenFree(hmrServer)
  }
  const end = (): void => {
    closeHmrServer(hmrServer)
    run.close()
  }
  printAfterUrls(server, run)
  run.onMoved(() => reloadModule(server))
  hideOwnWrites(server, run)
  const follow = (): void => run.followConfig(follower(server))
  if (http) http.once('listening', follow)
  else follow()

  const { close, restart } = server
  server.close = async () => {
    try {
      await close.call(server)
    } finally {
      end()
      await run.closed()
    }
  }
  server.restart = async (force) => {
    const { config } = server
    const { opened, next } = await restartFrom(run, () => restart.call(server, force))
    // Still the old config: the new one was broken, and this server goes on.
    if (server.config === config) for (const use of opened) use.close()
    else {
      end()
      next?.continueAfter(run, server.config.logger)
    }
  }
}

/** In front of Vite's middlewares and everybody's; in middleware mode their list is all that there is. */
function mountStatus(server: ViteDevServer, run: Run, http: ViteDevServer['httpServer']): void {
  const { config, middlewares } = server
  const place: StatusPlace = {
    service: 'dev',
    allowedHosts: () => hostList(config.server.allowedHosts, config.server.host),
    base: () => config.base,
  }
  if (http) return mountStatusPage(http as Server, run, place)
  const handle = statusMiddleware(run, place)
  if (handle) middlewares.stack.unshift({ route: '', handle })
}

/** What a Vite dev server does about edits of the config file. */
function follower(server: ViteDevServer): ConfigFollower {
  return {
    logger: server.config.logger,
    proxies: true,
    stop: () => server.close(),
    restartsFor: (file) => restartsFor(server, file),
    async restart() {
      const before = server.resolvedUrls?.local[0]
      await server.restart()
      if (server.resolvedUrls?.local[0] !== before) server.printUrls()
    },
    refresh: () => reloadModule(server),
  }
}

/** Vite reads its env files only at its start, so it starts anew for an edit. */
function restartsFor({ config }: ViteDevServer, file: string): boolean {
  const { envDir } = config as { envDir: string | false }
  if (config.server.watch === null || envDir === false) return false
  return envFileNames(config.mode).some((name) => resolve(envDir, name) === file)
}

/** Pages that import `~ports` are loaded again and see where the services are now. */
function reloadModule(server: ViteDevServer): void {
  for (const environment of Object.values(server.environments)) {
    const module = environment.moduleGraph.getModuleById(RESOLVED_ID)
    if (!module) continue
    environment.moduleGraph.invalidateModule(module)
    environment.hot.send({ type: 'full-reload' })
  }
}

function attachPreview(server: PreviewServer, { run, first }: Pending): void {
  const preview = run.reservation('preview')
  if (preview) {
    hideWildcardWarning(server.config.logger, preview.port)
    handOver(server.httpServer as Server, preview)
  }
  const { preview: own, base } = server.config
  if (first)
    mountStatusPage(server.httpServer as Server, run, {
      service: 'preview',
      allowedHosts: () => hostList(own.allowedHosts, own.host),
      base: () => base,
    })
  server.httpServer.once('close', () => run.close())
  const { logger } = server.config
  server.httpServer.once('listening', () =>
    run.followConfig({ logger, proxies: true, stop: () => server.close() }),
  )
  printAfterUrls(server, run)
}

function printAfterUrls(server: ViteDevServer | PreviewServer, run: Run): void {
  const { printUrls } = server
  server.printUrls = () => {
    printUrls.call(server)
    run.printSummary(server.config.logger)
  }
}
