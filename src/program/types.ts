import type { PortsError, ServiceProblem } from '../errors.ts'
import type { ExplanationData } from '../output/explain.ts'
import type {
  Options,
  PortHolder,
  PortRange,
  RejectReason,
  Reservation,
  Utilisation,
} from '../types.ts'

/**
 * Ports to choose from: `'8000-8100'` and `[8000, 8100]` with both ends, `{ from: 8000, until: 8100 }`
 * without the last one.
 */
export type ProgramRange = PortRange | { readonly from: number; readonly until: number }

/** What ports without a service are asked for. */
export interface ReserveOptions {
  /** How many, 1 to 65535. Default: one. */
  readonly count?: number
  /**
   * Where to look, lowest port first. Ports of the kernel's ephemeral range come last, ports that
   * browsers refuse never.
   *
   * @default '15000-65535'
   */
  readonly range?: ProgramRange
  /**
   * Bind address: a name, an IP literal, `true` for all interfaces.
   *
   * @default 'localhost'
   */
  readonly host?: string | boolean
  /** The ports follow one another without a gap. Default `false`. */
  readonly contiguous?: boolean
  /**
   * What others are told the ports are for: letters, digits, `-`, `_` and `.`.
   *
   * @default 'anonymous'
   */
  readonly label?: string
}

/** Options with services, and nothing of {@link ReserveOptions} that they don't have. */
export type NamedOptions = Options & {
  readonly [Key in Exclude<keyof ReserveOptions, keyof Options>]?: never
}

/** Ports that were reserved together, lowest first. */
export interface ReservedPorts extends ReadonlyArray<Reservation>, Disposable, AsyncDisposable {
  /** Releases all of them. Idempotent. */
  release(): Promise<void>
}

/** What can be waited for: somebody accepts connections, nobody does, or its server answers well. */
export type WaitState = 'open' | 'closed' | 'healthy'

/** How `waitFor` waits. */
export interface WaitOptions {
  /**
   * `'open'`: a server accepts connections; a port that is only held does not count. `'closed'`: none
   * does. `'healthy'`: it answers HTTP or HTTPS with a status below 500, or speaks another protocol.
   *
   * @default 'open'
   */
  readonly state?: WaitState
  /**
   * Time for everything in milliseconds; `Infinity` waits for good.
   *
   * @default 30_000
   */
  readonly timeoutMs?: number
  /**
   * Time between two probes in milliseconds.
   *
   * @default 100
   */
  readonly intervalMs?: number
  /** Name or address that is probed, `'localhost'` in both families.
   *
   * @default the service's host; else `'localhost'` */
  readonly host?: string
  /** What `'healthy'` asks for. With a path the answer must be HTTP. Default: `/`. */
  readonly path?: string
  /** Ends the waiting; the promise is rejected with its reason. */
  readonly signal?: AbortSignal
}

/** What one reserved port is doing now. */
export interface PortStatus {
  readonly port: number
  readonly service: string
  readonly url: string
  readonly state: Reservation['state']
  /** A server listens there, not only our hold. */
  readonly inUse: boolean
  /** Process that listens; this one while the port is held. `undefined` when it can't be told. */
  readonly pid: number | undefined
  /** Its command line, shortened for people. */
  readonly command: string | undefined
  /** When it was reserved, as an ISO 8601 time. */
  readonly since: string
}

/** Why a service has its port. */
export interface Explanation {
  /** For people: what came of it, and a line for each candidate. */
  readonly text: string
  /** The same as JSON can say it. */
  readonly json: ExplanationData
}

/** The events of an instance, by name. */
export interface PortsEvents {
  /** A port was reserved. */
  allocated: { readonly service: string; readonly port: number; readonly reservation: Reservation }
  /** A port was given back. */
  released: { readonly service: string; readonly port: number }
  /** A candidate was taken by somebody else, so the next one was tried. */
  conflict: {
    readonly service: string
    readonly port: number
    readonly reason: RejectReason
    /** Absent when it can't be told. */
    readonly holder?: PortHolder
  }
  /** No port could be had for a service. */
  exhausted: ServiceProblem
  /** A pool or range has come to its `warnAt`; once, until it has been below it. */
  utilisation: Utilisation
  /**
   * Somebody else has a port that was reserved; `onConflict` says what is done about it. With `'fail'`
   * the instance is closed, and further calls are rejected with `PORTS_CLOSED`, whose cause is `error`.
   */
  lost: {
    readonly service: string
    readonly port: number
    /** Has the port now, in words for people. */
    readonly who: string
    readonly error: PortsError
  }
  /** A service has another port than before. */
  moved: { readonly service: string; readonly from: number; readonly to: number }
  /** Something that was asked for is not as it was meant, in words for people. */
  warning: { readonly message: string }
  /** A listener has thrown, or work in the background failed. */
  error: { readonly error: unknown }
}
