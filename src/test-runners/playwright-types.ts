import type { ServiceOptions } from '../types.ts'

/** What is said of a server's port; as in `services`. */
type PortWish = Pick<
  ServiceOptions,
  'preferred' | 'range' | 'pool' | 'strategy' | 'host' | 'strict'
>

/** Options that Playwright's `webServer` has, and that are passed on to it as they are. */
interface PassedOn {
  /** Where the command runs. Default: the directory of Playwright's config. */
  cwd?: string
  /** Variables for the command, besides its port's. */
  env?: Record<string, string>
  /** How long the server may take to answer, in milliseconds. Default 60 seconds. */
  timeout?: number
  stdout?: 'pipe' | 'ignore'
  stderr?: 'pipe' | 'ignore'
  ignoreHTTPSErrors?: boolean
  /**
   * How the command is ended.
   *
   * @default { signal: 'SIGTERM', timeout: 5000 }
   */
  gracefulShutdown?: { signal: 'SIGINT' | 'SIGTERM'; timeout: number }
}

/** A server that the tests need. */
export interface TestServer extends PortWish, PassedOn {
  /**
   * Starts it; a line for the shell. `PORT`, `<NAME>_PORT` and `<NAME>_URL` are set, and `{port}`,
   * `{host}` and `{url}` are filled in.
   */
  command: string
  /** What is asked for until it answers. Default `'/'`. */
  path?: string
  /** It speaks TLS. Default `false`. */
  https?: boolean
  /**
   * A server of this checkout that runs already is used as it is. One of another checkout, or of
   * anybody else, never is.
   *
   * @default true; false where `CI` is set
   */
  reuse?: boolean
}

/** Several servers, by the names of their services. */
export interface TestServers {
  servers: Record<string, TestServer>
  /** Directory whose services these are. Default: the working directory. */
  root?: string
}

/** One entry of Playwright's `webServer`. */
export interface WebServer extends PassedOn {
  name: string
  command: string
  url: string
  reuseExistingServer: boolean
}

/** Where a server is. */
export interface ServerAddress {
  readonly port: number
  /** Without a slash at its end. */
  readonly url: string
}

/** What Playwright's config takes. */
export interface PlaywrightPorts<Name extends string = string> {
  webServer: WebServer[]
  /** `baseURL` is that of the first server. */
  use: { baseURL: string }
  /** Every server, by its name. */
  servers: Readonly<Record<Name, ServerAddress>>
}
