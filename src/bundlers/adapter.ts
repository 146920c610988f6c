import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { Wish } from '../plan/plan.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { SessionUse } from '../reservation/session.ts'
import type { ServiceProcess } from '../types.ts'
import type { Checkout } from '../utils/checkout.ts'
import type { StatusPage, StatusPlace } from './status-page.ts'

/** The bundler's logger, as little of it as is needed. */
export interface HostLogger {
  info(message: string): void
  warn(message: string): void
  /** Default: `warn`. */
  error?(message: string): void
}

/** A service together with what the bundler's config says of it. */
export interface HostService {
  readonly service: ResolvedService
  /** The `host` that counts. */
  readonly host: string | boolean | undefined
  /** The bundler listens there, so the port is bound by us and handed over. */
  readonly hold: boolean
  readonly secure: boolean
  /** Only there when a program of this process has reserved it. */
  readonly guest?: boolean
}

/** What an adapter read from its bundler's config; everything a run needs to start. */
export interface RunRequest {
  readonly options: ResolvedOptions
  readonly services: readonly HostService[]
  /** Services that ride on another one's port, by name. */
  readonly shared: Readonly<Record<string, string>>
  /** Services that are reserved when a program starts their server. Default: none. */
  readonly later?: readonly string[]
  /** Ports typed on the command line, by service. */
  readonly typed: Readonly<Record<string, readonly Wish[]>>
  readonly root: string
  /** Directory of the env files. */
  readonly envDirectory: string
  /** Names of the env files that the bundler reads, the one that wins last. */
  readonly envFiles: readonly string[]
  /** Where the options come from, which may be edited meanwhile. Default: they stay as they are. */
  readonly config?: ConfigSource
  /** The checkout of {@link RunRequest.root}, when it is known already. */
  readonly checkout?: Checkout
  /** Services that keep the port they have, although something else has changed. Default: none. */
  readonly kept?: ReadonlySet<string>
}

/** Where a run's options come from besides the code. */
export interface ConfigSource {
  /** Absolute; `undefined` while there is none. */
  readonly file: string | undefined
  /** Changes with every edit; taken before the file was read, and empty without one. */
  readonly stamp: string
  /** Where the file is, or would be; the place that counts first at the beginning. */
  places(): readonly string[]
  /** Further files that services come from: an edit of one counts like one of the file. Default: none. */
  also?(): readonly string[]
  /**
   * What would be asked for now.
   *
   * @throws PortsOptionError when the file, or what it says, is wrong.
   */
  reread(): Promise<RunRequest>
}

/** One bundler server's run, from before it listens until it has closed. */
export interface Run {
  readonly use: SessionUse
  /** What goes before the titles of pages; `undefined` when nothing should. */
  readonly titlePrefix: string | undefined
  reservation(service: string): PortReservation | undefined
  /** Every service with a port, shared ones too, for the `~ports` module. */
  addresses(): Record<string, { port: number; url: string }>
  /** What the proxy says while nobody answers on the service's port. */
  startHint(service: string): StartHint
  /** Says where requests for a proxied service go. */
  route(service: string): ProxyRoute
  /** Warnings to print as soon as there is a logger. */
  warn(warnings: readonly string[]): void
  /** Prints the warnings so far, and later ones as they come. */
  report(logger: HostLogger): void
  /**
   * Where other devices of the network reach the bundler's server, the likeliest first. Empty when
   * only this machine does.
   */
  networkUrls(): string[]
  /** Prints a QR code of the first of {@link Run.networkUrls}; says so when there is none. */
  printQrCode(logger: HostLogger): Promise<void>
  /**
   * For hosts without keys of their own: `q` and Enter print the QR code until the run is closed,
   * where there is a terminal to type it in and other devices reach the server. Says so once.
   */
  listenForQrKey(logger: HostLogger): void
  /** Prints the table once; again only when it has changed. */
  printSummary(logger: HostLogger): void
  /** After a restart: prints the table when it differs from the one that `previous` has printed. */
  continueAfter(previous: Run, logger: HostLogger): void
  /**
   * Whether `file` is as this run wrote it last, for watchers that see the write.
   *
   * @returns The names of the variables which that write changed; `undefined` for anybody else's content.
   */
  ownWrite(file: string): readonly string[] | undefined
  /** `tell` is called when one of the run's services has got another port. */
  onMoved(tell: (service: string) => void): void
  /**
   * Follows edits of the config file and of env files until the run is closed; call it when the
   * server listens. A config file that is written later counts from then on.
   */
  followConfig(host: ConfigFollower): void
  /** Its servers have a status page. */
  readonly hasStatusPage: boolean
  /** The status page for one server; `undefined` when it is turned off. Ended with the run. */
  statusPage(place: StatusPlace): StatusPage | undefined
  /** Releases what the run has, and ends what was started for it alone. Idempotent. */
  close(): void
  /** After {@link Run.close}: resolves when nothing is left of processes that were started for it. */
  closed(): Promise<void>
}

/** What a host can do about an edit of the config file or of an env file. Where it can do nothing, people are told. */
export interface ConfigFollower {
  readonly logger: HostLogger
  /** It forwards paths to services, and learns of new ones only when it starts. */
  readonly proxies: boolean
  /** Makes the server anew from the options as they are now; absent where it can't. */
  restart?(): Promise<void>
  /** Closes the server for good; absent where it can't, and then people are told to do it. */
  stop?(): Promise<unknown>
  /** It starts anew by itself when this file (absolute) is edited, so nobody else need follow that. */
  restartsFor?(file: string): boolean
  /** Services have come, gone or moved, so what imports `~ports` is out of date. */
  refresh?(): void
}

/** Why a request is answered here and not forwarded. */
export type Refusal =
  /** Another checkout's server stands on the port. */
  | { readonly reason: 'foreign'; /** For people. */ readonly who: string }
  /** The process that the session started for the service has ended, and nobody else may listen. */
  | { readonly reason: 'ended' }

/** Keeps requests from a server that stands on a service's port and is another checkout's. */
export interface ProxyGuard {
  /**
   * Makes sure that {@link ProxyGuard.refusal} is right for a request that comes now.
   *
   * @returns `undefined` when it is, which is the rule; else a promise to wait for. It never rejects.
   */
  settle(): Promise<void> | undefined
  /** `undefined` when requests may go on. */
  refusal(): Refusal | undefined
}

/** Says for each request of a proxied service where it goes. */
export interface ProxyRoute extends ProxyGuard {
  /** Where the next request goes; right after {@link ProxyGuard.settle} and without a refusal. */
  next(): ProxyHop
  /**
   * A request got no answer.
   *
   * @param hop Where it was sent; `undefined` when the service has one place only.
   */
  failed(hop: ProxyHop | undefined, error: unknown): void
}

/** One place that a request is sent to. */
export interface ProxyHop {
  readonly target: ProxyTarget
  /** For people and for the answer's header; absent where a service has one place only. */
  readonly name?: string
  /** Present for servers elsewhere. */
  readonly remote?: RemoteServer
}

/** What a server elsewhere wants to be told, and tells. */
export interface RemoteServer {
  /** The `Host` header that it expects. */
  readonly host: string
  /** Scheme, host and port, as its redirects name it. */
  readonly origin: string
  /** Path under which it has what is asked for, without a final slash. */
  readonly base: string
  /** Credentials of the upstream's URL. */
  readonly authorization?: string
}

/** A proxy's `target` in the form that http-proxy, http-proxy-3 and httpxy all read. */
export interface ProxyTarget {
  readonly protocol: 'http:' | 'https:'
  /** Name and, where it isn't the usual one, port: what `changeOrigin` makes the `Host` header. */
  readonly host: string
  /** What is connected to; IPv6 without brackets. */
  readonly hostname: string
  readonly port: number
  readonly pathname: string
  readonly path: string
  readonly search: string
  readonly href: string
}

/** How somebody gets a missing server going. */
export interface StartHint {
  readonly service: string
  readonly port: number
  /** `API_PORT`; absent when the service publishes none. */
  readonly variable?: string | undefined
  /** `.env.local`; absent when no file is written. */
  readonly envFile?: string | undefined
  /** `npm run api`, when the project has such a script. */
  readonly command?: string | undefined
  readonly description?: string | undefined
  /** What was started for it; absent when it has no command, or nobody starts it. */
  readonly process?: ServiceProcess | undefined
  /** Other places that were asked for it, and why they don't serve. Default: none. */
  readonly elsewhere?: readonly { readonly name: string; readonly reason: string }[]
}

/** Starts a run; implemented by the session, handed to the adapters so that they needn't know it. */
export type StartRun = (request: RunRequest) => Promise<Run>

/** The same within one tick, for hosts whose hooks may not wait. */
export type StartRunSync = (request: RunRequest) => Run
