import type { ServiceProblem } from '../errors.ts'
import type { Reservations } from '../session/reserve.ts'
import type { Options, Reservation, ServiceOptions, ServiceProcess, Utilisation } from '../types.ts'
import type { Listener } from './emitter.ts'
import type {
  Explanation,
  NamedOptions,
  PortsEvents,
  PortStatus,
  ReservedPorts,
  ReserveOptions,
  WaitOptions,
} from './types.ts'

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
  /** What runs for the services with a `command` of this instance's root, plugins' too. */
  processes(): ServiceProcess[]
  /**
   * Ends the process of a service and starts it again, also after it was left alone. Resolves when the
   * old one has ended; its port stays held meanwhile.
   *
   * @throws PortsError `PORTS_NO_SERVICE` when no command runs for such a service here.
   */
  restart(service: string): Promise<void>
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
