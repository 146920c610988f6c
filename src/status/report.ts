import type { SessionEvent } from '../reservation/session-log.ts'
import type { HealthState, PortSource, ServiceProcess, Protocol, Utilisation } from '../types.ts'
import type { Reader } from './guard.ts'
import type { FormerServer } from './notice-client.ts'

/** Whose server this is: what `/__ports/identity.json` says. */
export interface Identity {
  readonly v: 1
  /** The bundler's service whose server answers: `dev` or `preview`. */
  readonly service: string
  readonly port: number
  readonly branch?: string
  /** The same for every server of this root, and for no other root of this machine. */
  readonly project: string
  /** For people: `shop (main)`; readers elsewhere are told the branch alone, or nothing. */
  readonly label: string
  /**
   * With `?was=<project>`, for readers at this machine: where that project's server is now. Absent
   * for this server's own project.
   */
  readonly was?: FormerServer
  /** The same until this server's reservation ends; another one after every new start. */
  readonly lease: string
  /** For readers at this machine only, as are the two below. */
  readonly root?: string
  readonly checkout?: string
  readonly pid?: number
}

/** What a service's port is doing. */
export type ServiceState =
  /** Bound for a server to come. */
  | 'held'
  /** A server of this process, or of a command that it runs, listens. */
  | 'serving'
  /** Kept free for a server that somebody else starts. */
  | 'waiting'
  /** A server that somebody else started listens. */
  | 'running'
  /** It rides on another service's port. */
  | 'shared'
  /** No port could be had, and none is required. */
  | 'missing'
  /** The port was given back. */
  | 'released'

/** What can be done to a service from the page. */
export type ActionName = 'move' | 'release' | 'restart'

/** How a service's server has been lately. */
export interface HealthReport {
  readonly state: HealthState
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** Why it is not healthy. */
  readonly reason?: string
  /** Of the latest probe that succeeded, in milliseconds. */
  readonly latencyMs?: number
  /** See `ServiceHealth.servedBy`. For readers at this machine only. */
  readonly servedBy?: string
  /** The latest probes, the oldest first; at most sixty. */
  readonly history: readonly {
    readonly at: number
    readonly latencyMs: number
    readonly ok: boolean
  }[]
}

/** The process that was started for a service with a `command`. */
export type ProcessReport = Omit<ServiceProcess, 'service'>

/** One service of this checkout. */
export interface ServiceReport {
  readonly service: string
  /** `0` for one without a port. */
  readonly port: number
  /** Default where it is absent: `'tcp'`. */
  readonly protocol?: Protocol
  /** With `protocol: 'unix'`; for readers at this machine only. */
  readonly path?: string
  /** Where it is reached; absent for one without a port. */
  readonly url?: string
  /** A person opens {@link ServiceReport.url} in a browser. */
  readonly link: boolean
  readonly state: ServiceState
  readonly description?: string
  /** With `state: 'shared'`: whose port it uses. */
  readonly sharedWith?: string
  /** Root relative to the checkout, where another root of it has the service. */
  readonly within?: string
  readonly source?: PortSource
  /** How the port was chosen, in one line. */
  readonly how?: string
  /** Who listens; while nobody does, who has reserved the port. For readers at this machine only. */
  readonly owner?: { readonly pid?: number; readonly command?: string; readonly container?: string }
  /** Since when it is reserved, as an ISO 8601 time. */
  readonly since?: string
  /** Absent for services that are not watched. */
  readonly health?: HealthReport
  /** Absent for services that this server starts nothing for. For readers at this machine only. */
  readonly process?: ProcessReport
  /** Variables that publish it, as they are written. */
  readonly variables: readonly { readonly name: string; readonly value: string }[]
  /** What starts its server: `npm run api`. */
  readonly start?: string
  readonly actions: readonly ActionName[]
}

/** Another checkout on this machine. */
export interface CheckoutReport {
  /** For readers at this machine only. */
  readonly dir?: string
  readonly branch?: string
  readonly services: readonly {
    readonly service: string
    readonly port: number
    readonly protocol?: Protocol
    readonly url?: string
    readonly state: ServiceState
    readonly pid?: number
    readonly command?: string
  }[]
}

/** Everything that the page shows: what `/__ports/status.json` says. */
export interface StatusReport {
  readonly v: 1
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** `'remote'` readers are told no paths, processes or reasons, and can't do anything. */
  readonly reader: Reader
  readonly identity: Identity
  /** File that has the variables, relative to the root. */
  readonly envFile?: string
  /**
   * Where other devices reach the server, which `qr.svg` shows; absent when none does. For readers at
   * this machine only: others are there already.
   */
  readonly networkUrl?: string
  readonly services: readonly ServiceReport[]
  readonly checkouts: readonly CheckoutReport[]
  readonly pools: readonly Utilisation[]
  /** The latest events, the oldest first; at most a hundred. */
  readonly events: readonly SessionEvent[]
}
