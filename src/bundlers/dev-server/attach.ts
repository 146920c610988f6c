import type { Server } from 'node:http'
import { resolveBindAddress } from '../../net/addresses.ts'
import type { ResolvedOptions } from '../../options/resolved.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { HostLogger, Run } from '../adapter.ts'
import { handOver } from '../handover.ts'
import { closeHmrServer, createHmrServer } from '../hmr-server.ts'
import { overriddenPaths, proxiedService, proxyEntries, proxyLog } from '../http-proxy.ts'
import { hostList, mountStatusPage } from '../status-page.ts'
import { numericPort, separateHmr } from './request.ts'
import { rebuildImporters } from './module.ts'
import type { DevServer, DevServerClass, WebSocketServer, WebSocketUrl } from './types.ts'

/** What a dev server is given. */
export interface Given {
  readonly run: Run
  readonly options: ResolvedOptions
  /** The port of the user's own config. */
  readonly configured: number | undefined
}

/** Gives a dev server its run's ports, before it looks at its options, and ties the two together. */
export async function attach(
  server: DevServer,
  { run, options, configured }: Given,
  logger: HostLogger,
): Promise<void> {
  const dev = run.reservation('dev')
  if (!dev) return
  const written = server.options
  await confirmAddress(dev, server)
  // A copy: the object is the user's config, and other servers may be made from it.
  server.options = { ...written, port: dev.port }
  if (written.host === undefined && dev.host !== undefined) server.options.host = dev.host
  addProxies(server, run, options, logger)
  followPort(server, configured, dev.port)
  const hmr = separateHmr(options, written) ? run.reservation('hmr') : undefined
  if (hmr) tellClient(server, hmr.port)
  onServer(server, (http) => {
    handOver(http, dev)
    mountStatusPage(http, run, { service: 'dev', allowedHosts: () => allowedHosts(server) })
    const ownHmr = hmr && giveHmrServer(server, hmr)
    http.once('close', () => {
      closeHmrServer(ownHmr)
      run.close()
    })
  })
  const { onListening } = written
  server.options.onListening = (listening) => {
    onListening?.(listening)
    run.printSummary(logger)
    run.listenForQrKey(logger)
    run.followConfig({
      logger,
      proxies: true,
      stop: () => server.stop(),
      refresh: () => rebuildImporters(server.compiler),
    })
  }
}

/** As the dev server itself judges names. */
function allowedHosts({ options }: DevServer): string[] {
  const { allowedHosts, host, client } = options
  const url = typeof client === 'object' ? client.webSocketURL : undefined
  return hostList(allowedHosts, host, typeof url === 'object' ? url['hostname'] : undefined)
}

/** Addresses that had to be guessed, and names that only the dev server knows, are looked up now. */
async function confirmAddress(dev: PortReservation, server: DevServer): Promise<void> {
  const { getHostname } = server.constructor as unknown as DevServerClass
  const { host } = server.options
  if (host === undefined) return
  const bound = await resolveBindAddress(await getHostname(host))
  if (bound) dev.continueAs(bound, dev.facts)
}

function addProxies(
  server: DevServer,
  run: Run,
  options: ResolvedOptions,
  logger: HostLogger,
): void {
  const written = server.options.proxy
  const log = proxyLog(() => server.logger)
  const added = options.services.flatMap(({ name, proxy }) => {
    const reservation = run.reservation(name)
    if (!reservation || proxy.length === 0) return []
    const service = proxiedService(reservation, proxy, run)
    for (const path of overriddenPaths(service, written)) {
      run.warn([
        `devServer.proxy for "${path}" in your config names another target than ${service.url}, so requests don't follow "${name}". Remove that entry.`,
      ])
    }
    return proxyEntries(service, written, logger, log)
  })
  if (added.length > 0) server.options.proxy = [...(written ?? []), ...added]
}

/** A client URL that names the port which the user had configured names the new one. */
function followPort(server: DevServer, before: number | undefined, port: number): void {
  const { client } = server.options
  if (typeof client !== 'object' || !client.webSocketURL || before === undefined) return
  const { webSocketURL } = client
  if (typeof webSocketURL === 'string') {
    const url = new URL(webSocketURL)
    if (Number(url.port) !== before) return
    url.port = String(port)
    server.options.client = { ...client, webSocketURL: url.href }
  } else if (numericPort(webSocketURL.port) === before) {
    server.options.client = { ...client, webSocketURL: { ...webSocketURL, port } }
  }
}

/** The page's client connects to `port`, whatever the page's own is. */
function tellClient(server: DevServer, port: number): void {
  const { client } = server.options
  if (client === false) return
  const settings = typeof client === 'object' ? client : {}
  const { webSocketURL } = settings
  const url = typeof webSocketURL === 'string' ? partsOf(webSocketURL) : webSocketURL
  server.options.client = { ...settings, webSocketURL: { ...url, port } }
}

function partsOf(url: string): WebSocketUrl {
  const { protocol, hostname, pathname } = new URL(url)
  return { protocol, hostname, pathname }
}

/** Calls `ready` as soon as the dev server has made its HTTP server. */
function onServer(server: DevServer, ready: (http: Server) => void): void {
  let http: Server | undefined
  Object.defineProperty(server, 'server', {
    configurable: true,
    enumerable: true,
    get: () => http,
    set(value: Server | undefined) {
      const isNew = value !== undefined && value !== http
      http = value
      if (isNew) ready(value)
    },
  })
}

/** A WebSocket server of its own listens on the held socket, and the client is told its port. */
function giveHmrServer(server: DevServer, hmr: PortReservation): Server {
  const { server: type, webSocketServer } = server.options
  const https = hmr.facts.secure && typeof type === 'object' ? type.options : undefined
  const own = createHmrServer(https)
  handOver(own, hmr)
  hmr.adoptWhenFree(own)
  const settings = typeof webSocketServer === 'object' ? webSocketServer : { type: 'ws' }
  const { port: _, ...rest } = (settings as WebSocketServer).options ?? {}
  server.options.webSocketServer = { ...settings, options: { ...rest, server: own } }
  return own
}
