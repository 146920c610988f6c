import type { ProxyEntry } from '../http-proxy.ts'
import type { Server } from 'node:http'
import type { ServerOptions as HttpsOptions } from 'node:https'

/** What webpack-dev-server 5 and 6 and `@rspack/dev-server` have in common, as much as is used. */
export interface DevServer {
  options: DevServerOptions
  compiler: AnyCompiler
  server?: Server | undefined
  logger: Record<'log' | 'debug' | 'info' | 'warn' | 'error', (message: string) => void>
}

/** Options as the user wrote them, before the server has filled in its defaults. */
export interface DevServerOptions {
  port?: number | string | undefined
  host?: string | undefined
  ipc?: unknown
  /** `'auto'`, `'all'`, or names. */
  allowedHosts?: string | string[] | undefined
  server?: string | { type?: unknown; options?: HttpsOptions } | undefined
  proxy?: (ProxyEntry | (() => ProxyEntry))[] | undefined
  client?: boolean | { webSocketURL?: string | WebSocketUrl } | undefined
  webSocketServer?: false | string | WebSocketServer | undefined
  onListening?: ((server: DevServer) => void) | undefined
}

export interface WebSocketUrl {
  port?: number | string
  [part: string]: unknown
}

export interface WebSocketServer {
  type?: unknown
  options?: { port?: number | string; server?: Server; [option: string]: unknown }
}

export type { Addresses } from '../../virtual-module.ts'

/** What a module asks for. */
interface ModuleRequest {
  request: string
  /** The file that has the import. */
  readonly contextInfo?: { readonly issuer?: string }
}

/** Makes modules of requests. */
interface ModuleFactory {
  readonly hooks: {
    readonly beforeResolve: {
      tap(name: string, work: (data: ModuleRequest) => undefined | void): void
    }
  }
}

/** A plugin that makes pages; older versions of html-webpack-plugin have `getHooks` alone. */
export interface HtmlPluginClass {
  readonly name: string
  readonly getCompilationHooks?: (compilation: unknown) => HtmlHooks
  readonly getHooks?: (compilation: unknown) => HtmlHooks
}

interface HtmlHooks {
  readonly beforeEmit: {
    tap(name: string, work: (data: { html: string }) => { html: string }): void
  }
}

/** A compiler of webpack or Rspack, alone or with others. */
export interface AnyCompiler {
  readonly context?: string
  readonly compilers?: AnyCompiler[]
  readonly options: {
    mode?: string
    infrastructureLogging?: {
      level?: string | boolean
      stream?: { write(text: string): unknown }
    }
    devServer?: unknown
    plugins?: unknown[]
  }
  readonly hooks: {
    shutdown?: { tap(name: string, work: () => void): void }
    /** A build that watches nothing. */
    run?: { tap(name: string, work: () => void): void }
    compilation: { tap(name: string, work: (compilation: unknown) => void): void }
    normalModuleFactory: { tap(name: string, work: (factory: ModuleFactory) => void): void }
  }
  /** There while it watches. */
  readonly watching?:
    | {
        invalidate(): void
        /** Rspack's alone. */
        invalidateWithChangesAndRemovals?(changed: Set<string>, removed: Set<string>): void
      }
    | undefined
  /** The bundler itself. */
  readonly webpack?: { readonly MultiCompiler?: CompilerClass }
  getInfrastructureLogger(name: string): DevServer['logger']
}

/** A class whose instances are asked for loggers. */
export interface CompilerClass {
  readonly prototype: Pick<AnyCompiler, 'getInfrastructureLogger'>
}

/** The class of a dev server. */
export interface DevServerClass {
  readonly prototype: Record<string, unknown>
  getFreePort: unknown
  getHostname(host: string | undefined): Promise<string | undefined>
}
