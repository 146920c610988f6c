import type { IncomingMessage, Server } from 'node:http'
import type { ServerOptions as HttpsOptions } from 'node:https'
import type { Duplex } from 'node:stream'

/** Farm's config, as much of it as is read and set. */
export interface FarmConfig {
  root?: string
  envDir?: string
  compilation?: { mode?: string; define?: Record<string, unknown> }
  server?: FarmServerOptions
}

/** `server` of Farm's config. */
export interface FarmServerOptions {
  port?: number
  host?: string | boolean
  strictPort?: boolean
  allowedHosts?: string[]
  https?: HttpsOptions
  hmr?: boolean | FarmHmr
  proxy?: FarmProxies
}

/** `server.hmr` of Farm's config. */
export interface FarmHmr {
  /** What the client of a page with a named host connects to. */
  port?: number
  /** Another host than the server's gets a WebSocket server of its own. */
  host?: string | boolean
}

/** `server.proxy` of Farm's config: regular expressions for paths, with http-proxy-middleware's options. */
export type FarmProxies = Record<string, string | { target?: unknown; [option: string]: unknown }>

/** Farm's dev server, as much of it as is used. */
export interface FarmServer {
  readonly server?: Server
  /** Farm's own copy of `server`; it listens where this says. */
  readonly config: { port?: number }
  /** The socket of HMR; absent when HMR is off. */
  readonly ws?: { upgradeWsServer(request: IncomingMessage, socket: Duplex, head: Buffer): void }
  /** Closes this server and starts the next one. */
  restart(work: () => Promise<unknown>): Promise<unknown>
}

/** A page that Farm is about to serve. */
export interface FarmPage {
  readonly bytes: readonly number[]
  [property: string]: unknown
}
