import type { Server } from 'node:http'
import type { Plugin, PreviewServer, UserConfig, ViteDevServer } from 'vite'
import { resolveOptions } from '../../options/resolve.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { Options } from '../../types.ts'
import type { HostLogger, Run, StartRun } from '../adapter.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { announceRun, restartFrom } from '../restart.ts'
import { prefixTitle } from '../title.ts'
import { RESOLVED_ID } from '../../virtual-module.ts'
import { isFirst, needsPorts, readHost, runRequest, usualPorts } from './host.ts'
import { hmrOptionName, injectPorts } from './inject.ts'
import { hideOwnWrites } from './own-writes.ts'
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
  let logger: HostLogger = console

  const take = (): Pending | undefined => {
    const taken = pending
    pending = undefined
    clearTimeout(taken?.abandoned)
    return taken
  }

  const plugin: Partial<Plugin> = {
    config: {
      // Last, so that what frameworks set in their own hooks counts as the user's wish.
      order: 'post',
      async handler(config, env): Promise<UserConfig | undefined> {
        if (!needsPorts(config, env)) return undefined
        const { argv, cwd } = world()
        const all = resolveOptions(given, usualPorts(config), HMR_VARIABLE)
        const options = isFirst(config, plugin) ? all : withoutServers(all)
        const hmrService = options.services.find((service) => service.kind === 'hmr')
        const host = readHost(config, env, hmrService)
        const run = await startRun(
          runRequest(options, config, env, host, { argv, cwd, ownServer: asksForDev(given) }),
        )
        const hmrServer = run.reservation('hmr') && createHmrServer(host.https)
        const abandoned = setTimeout(() => {
          if (pending?.run === run) take()?.run.close()
        }, ABANDONED_AFTER_MS)
        abandoned.unref()
        pending = { run, hmrServer, abandoned }
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
      attachPreview(server, taken.run)
    },
  }
  return { plugin, addresses: () => latest?.addresses() ?? {} }
}

function withoutServers(options: ResolvedOptions): ResolvedOptions {
  const services = options.services.filter((service) => service.kind === 'external')
  return { ...options, services }
}

/** In middleware mode `dev` is a server of the user's own, so it is there only when asked for. */
function asksForDev(given: Options | undefined): boolean {
  return given?.services?.dev !== undefined
}

function versionOf(context: unknown): string | undefined {
  return (context as { meta?: { viteVersion?: string } } | undefined)?.meta?.viteVersion
}

/** Ties a run to a dev server: handover, restart, summary, close. */
function attach(server: ViteDevServer, { run, hmrServer }: Pending): void {
  announceRun(run)
  const dev = run.reservation('dev')
  const http = server.httpServer
  if (dev && http) {
    hideWildcardWarning(server.config.logger, dev.port)
    handOver(http, dev)
    http.once('close', () => end())
  }
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

  const { close, restart } = server
  server.close = async () => {
    try {
      await close.call(server)
    } finally {
      end()
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

/** Pages that import `~ports` are loaded again and see where the services are now. */
function reloadModule(server: ViteDevServer): void {
  for (const environment of Object.values(server.environments)) {
    const module = environment.moduleGraph.getModuleById(RESOLVED_ID)
    if (!module) continue
    environment.moduleGraph.invalidateModule(module)
    environment.hot.send({ type: 'full-reload' })
  }
}

function attachPreview(server: PreviewServer, run: Run): void {
  const preview = run.reservation('preview')
  if (preview) {
    hideWildcardWarning(server.config.logger, preview.port)
    handOver(server.httpServer as Server, preview)
  }
  server.httpServer.once('close', () => run.close())
  printAfterUrls(server, run)
}

function printAfterUrls(server: ViteDevServer | PreviewServer, run: Run): void {
  const { printUrls } = server
  server.printUrls = () => {
    printUrls.call(server)
    run.printSummary(server.config.logger)
  }
}
