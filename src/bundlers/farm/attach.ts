import type { Server } from 'node:http'
import type { HostLogger, Run } from '../adapter.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { announceRun, restartFrom } from '../restart.ts'
import { hostList, mountStatusPage } from '../status-page.ts'
import { type FarmProxyRule, proxySockets } from './proxy.ts'
import type { FarmConfig, FarmServer, FarmServerOptions } from './types.ts'

/** A config that has its ports and waits for the server made from it. */
export interface Pending {
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

/** What is printed about ports goes here. */
export const logger: HostLogger = {
  // Farm's own would put its prefix before every line of the table.
  info: (message) => console.log(message),
  warn: (message) => console.warn(message),
}

/** Ties a run to a dev server: handover, restart, summary, close. */
export function attach(server: FarmServer, pending: Pending): void {
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
  const { allowedHosts, host } = pending.written
  mountStatusPage(http, run, { service: 'dev', allowedHosts: () => hostList(allowedHosts, host) })
  const hmrServer = attachHmr(server, pending)
  proxySockets(http, rules, from)
  // After a restart, whoever asked for it prints what has changed.
  if (!restarted) http.once('listening', () => setImmediate(() => run.printSummary(logger)))
  http.once('listening', () => run.listenForQrKey(logger))
  http.once('listening', () =>
    run.followConfig({ logger, proxies: true, stop: () => server.close() }),
  )
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
