import type { ServiceProblem } from '../errors.ts'
import type { ExplanationData } from '../output/explain.ts'
import type {
  Options,
  PortHolder,
  PortRange,
  RejectReason,
  Reservation,
  ServiceOptions,
} from '../types.ts'
import type { Reservations } from '../session/reserve.ts'
import type { Listener } from './emitter.ts'

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

/** How {@link Ports.waitFor} waits. */
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
  /** Name or address that is probed. Default: the service's host, else `'localhost'` with both families. */
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

/** How full a pool or range is, on the whole machine. */
export interface Utilisation {
  /** The pool's name; for a range its ports: `8000-8100`. */
  readonly name: string
  /** First and last port, both included. */
  readonly range: readonly [from: number, to: number]
  /** Number of ports in it. */
  readonly size: number
  /** Reserved with this package, by any process. */
  readonly reserved: number
  /** Listened on by others. */
  readonly inUseByOthers: number
  /** `size` less the two. Some may be excluded, refused by browsers or ephemeral. */
  readonly free: number
  /** Part in use, from 0 to 1. */
  readonly share: number
  /** Share from which the `'utilisation'` event is emitted. */
  readonly warnAt: number
}

/** Why a service has its port. */
export interface Explanation {
  /** For people: what came of it, and a line for each candidate. */
  readonly text: string
  /** The same as JSON can say it. */
  readonly json: ExplanationData
}

/** The events of {@link Ports}, by name. */
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
  /** A service has another port than before. */
  moved: { readonly service: string; readonly from: number; readonly to: number }
  /** Something that was asked for is not as it was meant, in words for people. */
  warning: { readonly message: string }
  /** A listener has thrown, or work in the background failed. */
  error: { readonly error: unknown }
}

/** A reservation, or `undefined` where the options say that the service can be done without. */
export type Had<Service> = Service extends { readonly required: infer Required }
  ? [Required] extends [true]
    ? Reservation
    : Reservation | undefined
  : Reservation

/** What `options` say of the service called `Name`. */
export type ConfiguredService<
  Configured extends Options,
  Name extends string,
> = Configured extends {
  readonly services: infer Services
}
  ? Name extends keyof Services
    ? Services[Name]
    : unknown
  : unknown

/**
 * The ports of one program. Nothing of it keeps the process alive but a pending {@link Ports.waitFor};
 * whatever is held goes with the process.
 */
export interface Ports<Configured extends Options = Options> extends AsyncDisposable {
  /**
   * Reserves the port of a service and holds it. One that has its port already keeps it; services of
   * one group come together.
   *
   * @param options Default: what the instance was made with; for a service that is new, none.
   * @returns `undefined` when the service is not required and no port could be had.
   * @throws PortsOptionError for options that can't be understood, or that differ from those with
   * which the service has its port.
   * @throws PortsError with everything that was tried.
   */
  allocate<Name extends string>(service: Name): Promise<Had<ConfiguredService<Configured, Name>>>
  allocate<const Service extends ServiceOptions | number>(
    service: string,
    options: Service,
  ): Promise<Had<Service>>
  /**
   * Reserves every configured service that has no port yet, all required ones or none.
   *
   * @returns All services that have a port, by name; see {@link Ports.missing} for the others.
   * @throws PortsError with everything that was tried.
   */
  allocateAll(): Promise<Record<string, Reservation>>
  /** The reservation of a service; `undefined` while it has none. */
  get(service: string): Reservation | undefined
  /** The port of every service that has one. */
  ports(): Record<string, number>
  /** Services that are not required and could not be had at the last attempt, with what was tried. */
  readonly missing: readonly ServiceProblem[]
  /** The variables that publish the ports, for a child's environment: `{ API_PORT: '3000', … }`. */
  env(): Record<string, string>
  /**
   * The port that the environment variable says, else `fallback`, reserved for `service`. When that
   * one is taken, the next that is free; a variable without a valid port is a `'warning'`.
   *
   * @param service Default `'main'`.
   */
  fromEnvOr(variable: string, fallback: number, service?: string): Promise<Reservation>
  /**
   * Reserves services of their own: nothing that this instance is configured with counts.
   *
   * @throws PortsError when a required one can't be had; nothing is held then.
   */
  reserve(options: NamedOptions): Promise<Reservations>
  /** One port without a service, from 15000 on or from `range`. */
  reserve(options?: ReserveOptions & { readonly count?: undefined }): Promise<Reservation>
  /**
   * Several ports without a service, all or none.
   *
   * @throws PortsError `PORTS_RANGE_EXHAUSTED` when the range has not as many.
   */
  reserve(options: ReserveOptions & { readonly count: number }): Promise<ReservedPorts>
  /** Everything that this instance has reserved, with a service and without, in the order of the ports. */
  reservations(): Reservation[]
  /** Somebody on this machine has reserved `port` with this package: this instance or any process. */
  isReserved(port: number): boolean
  /**
   * Releases ports or services of this instance.
   *
   * @returns The ports that were released; what this instance does not have is passed over.
   */
  release(what: number | string | Iterable<number | string>): Promise<number[]>
  /** What each port of this instance is doing now. */
  status(): Promise<PortStatus[]>
  /**
   * Waits until a port (or a service of this process) is in a state. Keeps the process alive while
   * it waits.
   *
   * @throws PortsError `PORTS_TIMEOUT`, saying what was seen last; `PORTS_NO_SERVICE` for an unknown service.
   */
  waitFor(target: number | string, options?: WaitOptions): Promise<void>
  /**
   * Nobody listens on `port` at any address that `localhost` may mean (nor on `host`), and nobody
   * has reserved it. True only for that moment: to have a port, reserve it.
   *
   * @param host Address that a server would bind. Default `'localhost'`.
   */
  isAvailable(port: number, host?: string | boolean): Promise<boolean>
  /**
   * The first port from `from` to `to`, both included, that is available. It is not reserved: for
   * servers that bind by themselves, later.
   *
   * @returns `undefined` when there is none.
   */
  findAvailable(from: number, to: number, host?: string | boolean): Promise<number | undefined>
  /**
   * Why a service has its port: every candidate, its reason and its holder. Knows the services of
   * this process, plugins' too, and of other processes what they tell.
   *
   * @throws PortsError `PORTS_NO_SERVICE` when nobody has such a service for this root.
   */
  explain(service: string): Promise<Explanation>
  /** How full every pool and every range in use is. */
  utilisation(): Promise<Utilisation[]>
  /**
   * Writes what this instance is configured with, each service's present port as its first
   * preferred one, for {@link Ports.load}. Atomic.
   *
   * @param file Default: `ports.saved.json` in the root.
   * @returns The path of the file.
   * @throws PortsOptionError when another program's file is in the way, or an option is nothing that
   * JSON can say.
   */
  save(file?: string): Promise<string>
  /**
   * Adds the services of a saved configuration; of two with one name the file's counts from the next
   * allocation on.
   *
   * @param file Default: `ports.saved.json` in the root.
   * @returns false when there is no such file.
   * @throws PortsOptionError naming file and place of what can't be understood.
   */
  load(file?: string): Promise<boolean>
  /** Calls `listener` for every event of that name; returns what takes it off again. */
  on<Name extends keyof PortsEvents>(name: Name, listener: Listener<PortsEvents[Name]>): () => void
  /** Like `on`, for the next event only. */
  once<Name extends keyof PortsEvents>(
    name: Name,
    listener: Listener<PortsEvents[Name]>,
  ): () => void
  /** Takes a listener off. */
  off<Name extends keyof PortsEvents>(name: Name, listener: Listener<PortsEvents[Name]>): void
  /** Releases everything and takes all listeners off; what is called after that throws `PORTS_CLOSED`. */
  close(): Promise<void>
}
