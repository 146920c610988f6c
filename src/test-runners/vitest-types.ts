import type { Options, ServiceOptions } from '../types.ts'

/** What the tests want of one service's ports; every worker gets one. */
export interface TestService extends Pick<ServiceOptions, 'range' | 'pool' | 'host'> {
  /**
   * The port is bound until a Node server of the worker (or of a process that it starts) listens on
   * it, which then gets the very socket. `false` for servers that are no Node programs: the port is
   * kept from other checkouts, and free to be bound.
   *
   * @default true
   */
  hold?: boolean
}

/** Options of `testPorts()`. */
export interface TestPortsOptions extends Pick<Options, 'pools' | 'layout' | 'exclude'> {
  /**
   * Services that the tests start, by name.
   *
   * @default those of `ports.config`, without the bundler's own
   */
  services?: Record<string, TestService>
  /** Directory whose services these are. Default: Vitest's root. */
  root?: string
}
