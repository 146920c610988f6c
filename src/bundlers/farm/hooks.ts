import type { Server } from 'node:http'
import { resolveOptions } from '../../options/resolve.ts'
import { registry } from '../../reservation/registry.ts'
import type { Options } from '../../types.ts'
import type { Addresses } from '../../virtual-module.ts'
import type { HostLogger, Run, StartRun } from '../adapter.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { passPortCheck } from '../port-check.ts'
import { announceRun, restartFrom } from '../restart.ts'
import { injectPorts, tellClient } from './inject.ts'
import { type FarmProxyRule, httpProxies, proxyRules, proxySockets } from './proxy.ts'
import { type FarmPlace, farmRequest, hmrOf, needsPorts, usualPorts } from './request.ts'
import type { FarmConfig, FarmServer, FarmServerOptions } from './types.ts'

/** Ports of a config that never became a server are given back after this, in milliseconds. */
const ABANDONED_AFTER_MS = 120_000

/** What the adapter needs of the process and of the session. */
export interface FarmWorld extends FarmPlace {
  readonly startRun: StartRun
}

/** A config that has its ports and waits for the server made from it. */
interface Pending {
  readonly run: Run
  /** What the user's config says of the server. */
  readonly written: FarmServerOptions
  readonly rules: readonly FarmProxyRule[]
  /** Directories from which Farm can be found. */
  readonly from: readonly string[]
  /** It goes on where another server of this process leaves off. */
  readonly restarted: boolean
  /** Ends the wait for Farm's port check. */
  readonly checked: () => void
  readonly abandoned: NodeJS.Timeout
  /** What Farm made of all configs, and what it restarts with. */
  resolved?: FarmConfig
}

/** The Farm side of one `ports()`. */
export interface FarmHooks {
  readonly plugin: {
    config(config: FarmConfig): Promise<FarmConfig | undefined>
    configResolved(config: FarmConfig): void
    configureDevServer(server: FarmServer): void
  }
  /** Of the latest server; empty before one and in builds. */
  addresses(): Addresses
}

const logger: HostLogger = {
  // Farm's own would put its prefix before every line of the table.
  info: (message) => console.log(message),
  warn: (message) => console.warn(message),
}

/** Hooks that reserve ports before Farm resolves its config and hand the held sockets to its server. */
export function farmHooks(given: Options | undefined, world: () => FarmWorld): FarmHooks {
  let pending: Pending | undefined
  let latest: Run | undefined

  const take = (): Pending | undefined => {
    const taken = pending
    pending = undefined
    clearTimeout(taken?.abandoned)
    taken?.checked()
    return taken
  }

  const plugin: FarmHooks['plugin'] = {
    async config(config) {
      const place = world()
      if (!needsPorts(config, place)) return undefined
      const written = config.server ?? {}
      const options = resolveOptions(given, usualPorts(written, place.env))
      const request = farmRequest(options, config, place)
      const run = await place.startRun(request)
      take()?.run.close()
      latest = run
      const dev = run.reservation('dev')
      const abandoned = setTimeout(() => {
        if (pending?.run === run) take()?.run.close()
      }, ABANDONED_AFTER_MS)
      abandoned.unref()
      const rules = proxyRules(run, options, written.proxy, logger)
      pending = {
        run,
        written,
        rules,
        from: [config.root ?? place.cwd, place.cwd],
        restarted: registry().restarting.getStore() !== undefined,
        checked: dev ? passPortCheck(dev) : () => {},
        abandoned,
      }
      return injectPorts(run, options, written, httpProxies(rules))
    },
    configResolved(resolved) {
      if (!pending) return
      pending.resolved = resolved
      const hmr = pending.run.reservation('hmr')
      if (hmr) tellClient(resolved, hmr.port, hmrOf(pending.written))
    },
    configureDevServer(server) {
      const taken = take()
      if (!taken) return
      taken.run.report(logger)
      attach(server, taken)
    },
  }
  return { plugin, addresses: () => latest?.addresses() ?? {} }
}

/** Ties a run to a dev server: handover, restart, summary, close. */
function attach(server: FarmServer, pending: Pending): void {
  const { run, rules, from, restarted } = pending
  const http = server.server
  if (!http) return run.close()
  announceRun(run)
  const dev = run.reservation('dev')
  if (dev) {
    // Farm's own variable would win over the config.
    server.config.port = dev.port
    handOver(http, dev)
  }
  const hmrServer = attachHmr(server, pending)
  proxySockets(http, rules, from)
  // After a restart, whoever asked for it prints what has changed.
  if (!restarted) http.once('listening', () => setImmediate(() => run.printSummary(logger)))
  let restarting = false
  http.once('close', () => {
    closeHmrServer(hmrServer)
    if (!restarting) run.close()
  })
  const { restart } = server
  server.restart = async (work) => {
    restarting = true
    const reservations = [dev, run.reservation('hmr')].filter((found) => found !== undefined)
    for (const reservation of reservations) reservation.keepAtClose = true
    forget(pending)
    const { next } = await restartFrom(run, () => restart.call(server, work))
    for (const reservation of reservations) reservation.keepAtClose = false
    run.close()
    next?.continueAfter(run, logger)
  }
}

/** HMR's own server listens on the held port and passes its connections to Farm's socket. */
function attachHmr(server: FarmServer, { run, written }: Pending): Server | undefined {
  const hmr = run.reservation('hmr')
  const { ws } = server
  if (!hmr || !ws) return undefined
  const own = createHmrServer(written.https)
  own.on('upgrade', ws.upgradeWsServer.bind(ws))
  handOver(own, hmr)
  hmr.adoptWhenFree(own)
  return own
}

/**
 * Farm restarts with the config that it has resolved, as if the user had typed it: what came from
 * here must not pass for the user's wish.
 */
function forget({ resolved, written }: Pending): void {
  if (resolved) resolved.server = written
}
