import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { Wish } from '../plan/plan.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { SessionUse } from '../reservation/session.ts'
import type { StatusPage, StatusPlace } from './status-page.ts'

/** The bundler's logger, as little of it as is needed. */
export interface HostLogger {
  info(message: string): void
  warn(message: string): void
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
  /** Present when the options come from a config file, which may be edited meanwhile. */
  readonly config?: ConfigSource
  /** Services that keep the port they have, although something else has changed. Default: none. */
  readonly kept?: ReadonlySet<string>
}

/** Where a run's options come from besides the code. */
export interface ConfigSource {
  /** Absolute. */
  readonly file: string
  /** Changes with every edit; taken before the file was read. */
  readonly stamp: string
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
  /** Watches who stands on a proxied service's port. */
  guard(service: string): ProxyGuard
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
   * Follows edits of the config file until the run is closed; call it when the server listens.
   * Nothing happens without such a file.
   */
  followConfig(host: ConfigFollower): void
  /** Its servers have a status page. */
  readonly hasStatusPage: boolean
  /** The status page for one server; `undefined` when it is turned off. Ended with the run. */
  statusPage(place: StatusPlace): StatusPage | undefined
  close(): void
}

/** What a host can do about an edit of the config file. Where it can do nothing, people are told. */
export interface ConfigFollower {
  readonly logger: HostLogger
  /** It forwards paths to services, and learns of new ones only when it starts. */
  readonly proxies: boolean
  /** Makes the server anew from the options as they are now; absent where it can't. */
  restart?(): Promise<void>
  /** Services have come, gone or moved, so what imports `~ports` is out of date. */
  refresh?(): void
}

/** Keeps requests from a server that stands on a service's port and is another checkout's. */
export interface ProxyGuard {
  /**
   * Makes sure that {@link ProxyGuard.refusal} is right for a request that comes now.
   *
   * @returns `undefined` when it is, which is the rule; else a promise to wait for. It never rejects.
   */
  settle(): Promise<void> | undefined
  /** Who is there instead, for people; `undefined` when requests may go on. */
  refusal(): string | undefined
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
}

/** Starts a run; implemented by the session, handed to the adapters so that they needn't know it. */
export type StartRun = (request: RunRequest) => Promise<Run>

/** The same within one tick, for hosts whose hooks may not wait. */
export type StartRunSync = (request: RunRequest) => Run
