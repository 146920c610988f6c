import { basename, resolve } from 'node:path'
import colors from 'picocolors'
import type { ConfigFollower, HostLogger, Run, RunRequest, StartHint } from '../bundlers/adapter.ts'
import { STATUS_PATH, type StatusPage, type StatusPlace } from '../bundlers/status-page.ts'
import { type EnvWrite, readEnvText } from '../output/env-file.ts'
import { renderSummary, type SummaryRow } from '../output/summary.ts'
import { blockVariables, type PublishedService } from '../output/variables.ts'
import type { Wish } from '../plan/plan.ts'
import { type Endpoint, endpointOf, type EndpointParts } from '../net/endpoint.ts'
import { describeHolders } from '../reservation/holders.ts'
import { runSteps, type Steps } from '../reservation/questions.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { Move, Session, SessionUse } from '../reservation/session.ts'
import { networkUrls } from '../reservation/network-urls.ts'
import { groupReason } from '../reservation/unavailable.ts'
import { type Area, areasOf } from '../reservation/utilisation.ts'
import { withDeadline } from '../utils/deadline.ts'
import type { EnvFiles } from './env-files.ts'
import { createProxyGuard, type ServiceGuard } from './proxy-guard.ts'
import { poolWarnings } from './pool-warnings.ts'
import { publish } from './publish.ts'
import { scriptFor } from './start-hint.ts'
import type { RunHealth } from './health/run-health.ts'
import { lazyStatusPage } from './status-page.ts'
import { startTelemetry } from './telemetry/start.ts'
import type { SessionWorld } from './world.ts'

/** The summary waits this long for the names of who holds the preferred ports, in milliseconds. */
const HOLDERS_WAIT_MS = 1500

interface ServiceAddress extends EndpointParts {
  readonly url: string
}

/** One bundler server's run; see {@link Run}. */
export class DevRun implements Run {
  readonly #world: SessionWorld
  #use: SessionUse
  #request: RunRequest
  #wishes: Readonly<Record<string, readonly Wish[]>>
  #files: EnvFiles
  #holders: Promise<unknown>
  #holdersKnown = false
  readonly #movedListeners: ((service: string) => void)[] = []
  readonly #guards = new Map<string, ServiceGuard>()
  #health: RunHealth | undefined
  #closed = false
  #write: EnvWrite | undefined
  #warnings: string[] = []
  #logger: HostLogger | undefined
  #printed = ''
  #stopFollowing: (() => void) | undefined
  #stopQrKey: (() => void) | undefined
  readonly #statusPages = new Set<StatusPage>()

  constructor(
    request: RunRequest,
    use: SessionUse,
    wishes: Readonly<Record<string, readonly Wish[]>>,
    files: EnvFiles,
    world: SessionWorld,
  ) {
    this.#request = request
    this.#use = use
    this.#wishes = wishes
    this.#files = files
    this.#world = world
    const attempts = [
      ...[...use.reservations.values()].flatMap((reservation) => reservation.attempts),
      ...use.missing.flatMap((problem) => problem.attempts),
    ]
    // Not in the way of the start: the names are there when the summary is printed.
    this.#holders = describeHolders(attempts, world.place).finally(() => {
      this.#holdersKnown = true
    })
    this.#holders.catch(() => {})
    use.session.onMove.add(this.#follow)
  }

  get titlePrefix(): string | undefined {
    const { checkout } = this.use.session
    return this.#request.options.titlePrefix
      ? (checkout.branch ?? basename(checkout.dir))
      : undefined
  }

  /** What it has reserved; another one after an edit of the config file. */
  get use(): SessionUse {
    return this.#use
  }

  /** What the host asked for, as far as it could be followed. */
  get request(): RunRequest {
    return this.#request
  }

  reservation(service: string): PortReservation | undefined {
    return this.use.reservations.get(service)
  }

  addresses(): Record<string, { port: number; url: string }> {
    // What the browser gets to see, and it can't open a socket's path.
    const ports = Object.entries(this.#addresses()).filter(([, { path }]) => path === undefined)
    return Object.fromEntries(ports.map(([service, { port, url }]) => [service, { port, url }]))
  }

  #addresses(): Record<string, ServiceAddress> {
    const found: Record<string, ServiceAddress> = {}
    const { services, shared } = this.#request
    const add = (service: string, owner: string): void => {
      const reservation = this.reservation(owner)
      if (!reservation) return
      const { port, protocol, path, url } = reservation
      const own = service === 'hmr' ? url.replace('http', 'ws') : url
      found[service] = { port, protocol, path, url: own }
    }
    for (const { service } of services) add(service.name, service.name)
    for (const [service, owner] of Object.entries(shared)) add(service, owner)
    return found
  }

  startHint(service: string): StartHint {
    const reservation = this.reservation(service)
    return {
      service,
      port: reservation?.port ?? 0,
      variable: this.#variableOf(service),
      envFile: this.#files.blockName,
      command: scriptFor(service, this.#request.root),
      description: reservation?.description,
    }
  }

  /**
   * Writes the env block.
   *
   * @param replaced The use of a server that this run's server takes over from.
   * @param left What a service has just moved away from.
   */
  *publish(replaced: SessionUse | undefined, left?: Endpoint): Steps<void> {
    const { options } = this.#request
    const { blockFile, blockName } = this.#files
    if (!options.env || blockFile === undefined || blockName === undefined) return
    const result = yield* publish(
      this.#published(),
      options.env,
      { ...this.#files, blockFile, blockName },
      this.use,
      replaced,
      left,
    )
    this.#write = result.write ?? this.#write
    this.warn(result.warnings)
    void result.later.then((warning) => warning && this.warn([warning]))
  }

  #published(): PublishedService[] {
    const { options, services, shared } = this.#request
    const addresses = this.#addresses()
    const named = [
      ...services.map(({ service }) => service),
      ...options.services.filter((service) => service.name in shared),
    ]
    return named.flatMap((service) => {
      const address = addresses[service.name]
      return address ? [{ service: service.name, env: service.env, ...address }] : []
    })
  }

  warn(warnings: readonly string[]): void {
    const { log } = this.use.session
    // What follows the first line names processes, which may be another user's.
    for (const warning of warnings) log.note('warning', warning.split('\n', 1)[0] ?? '')
    this.#say(warnings)
  }

  #say(warnings: readonly string[]): void {
    if (this.#logger) for (const warning of warnings) this.#logger.warn(warningLine(warning))
    else this.#warnings.push(...warnings)
  }

  report(logger: HostLogger): void {
    this.#logger = logger
    const waiting = this.#warnings
    this.#warnings = []
    this.#say(waiting)
    void this.#watchHealth(logger)
    void this.#checkPools()
    startTelemetry(this.session, () => this.areas())
  }

  async #checkPools(): Promise<void> {
    const { options, services } = this.#request
    const mine = services.map(({ service }) => service)
    const own = [...this.use.session.reservations].map(({ port }) => port)
    const { place } = this.#world
    const warnings = await poolWarnings(options.pools, mine, own, place).catch(() => [])
    if (!this.#closed) this.warn(warnings)
  }

  /** Not before there is a server, and not in the way of its start. */
  async #watchHealth(logger: HostLogger): Promise<void> {
    const { watchHealth } = await import('./health/run-health.ts')
    if (this.#closed || this.#health) return
    this.#health = watchHealth(
      this.#request.services.map(({ service }) => service),
      {
        session: this.use.session,
        env: this.#world.env,
        reservation: (service) => this.reservation(service),
        stranger: (service) => this.guard(service).stranger(),
        say: (line, level) =>
          logger[level](level === 'info' ? noticeLine(line) : warningLine(line)),
      },
    )
  }

  printSummary(logger: HostLogger): void {
    if (!this.#request.options.summary) return
    if (this.#holdersKnown) return this.#print(logger)
    void withDeadline(
      this.#holders.catch(() => undefined),
      HOLDERS_WAIT_MS,
      undefined,
    ).then(() => this.#print(logger))
  }

  networkUrls(): string[] {
    const server = this.reservation('dev') ?? this.reservation('preview')
    return server ? networkUrls(server) : []
  }

  async printQrCode(logger: HostLogger): Promise<void> {
    const { printQrCode } = await import('./qr-key.ts')
    await printQrCode(this.networkUrls(), logger)
  }

  listenForQrKey(logger: HostLogger): void {
    if (!this.#world.interactive || this.#stopQrKey || this.networkUrls().length === 0) return
    this.#stopQrKey = () => {}
    // Not in the way of the start, and most servers have no terminal.
    void import('./qr-key.ts').then(async ({ listenForQrKey }) => {
      const stop = await listenForQrKey(() => this.printQrCode(logger))
      if (!stop) return
      if (this.#closed) return stop()
      this.#stopQrKey = stop
      logger.info(
        noticeLine(`${colors.bold('q + enter')} shows ${this.networkUrls()[0]} as a QR code.`),
      )
    })
  }

  continueAfter(previous: Run, logger: HostLogger): void {
    if (!(previous instanceof DevRun) || !previous.#printed) return
    this.#printed ||= previous.#printed
    this.printSummary(logger)
  }

  guard(service: string): ServiceGuard {
    let guard = this.#guards.get(service)
    if (!guard) {
      const found = this.#request.services.find((host) => host.service.name === service)
      guard = found
        ? createProxyGuard(found.service, {
            checkout: this.use.session.checkout.dir,
            place: this.#world.place,
            reservation: (name) => this.reservation(name),
            startHint: (name) => this.startHint(name),
            // The status page has its own words for whose server it is.
            warn: (warnings) => this.#say(warnings),
          })
        : UNGUARDED
      this.#guards.set(service, guard)
    }
    return guard
  }

  ownWrite(file: string): readonly string[] | undefined {
    const { blockFile } = this.#files
    if (!this.#write || blockFile === undefined || resolve(file) !== blockFile) return undefined
    return readEnvText(blockFile) === this.#write.text ? this.#write.changed : undefined
  }

  onMoved(tell: (service: string) => void): void {
    this.#movedListeners.push(tell)
  }

  followConfig(host: ConfigFollower): void {
    const { config } = this.#request
    if (!config || this.#closed || this.#stopFollowing) return
    this.#stopFollowing = () => {}
    // Nobody else pays for the watcher, and the server is up by now.
    import('./follow-config.ts').then(
      ({ followConfig }) => {
        if (!this.#closed) this.#stopFollowing = followConfig(this, config, host, this.#world)
      },
      (error: unknown) => this.warn([`edits of ${config.file} are not followed: ${String(error)}`]),
    )
  }

  /**
   * Goes on as `next`, a run of the same server with other options: what only this run had is
   * released.
   */
  become(next: DevRun): void {
    const before = this.#use
    next.use.session.onMove.delete(next.#follow)
    this.#use = next.#use
    this.#request = next.#request
    this.#wishes = next.#wishes
    this.#files = next.#files
    this.#write = next.#write ?? this.#write
    this.#holders = next.#holders
    this.#holdersKnown = false
    void next.#holders.catch(() => {}).then(() => (this.#holdersKnown = true))
    next.#logger = this.#logger
    this.#say(next.#warnings)
    this.#health?.update(this.#request.services.map(({ service }) => service))
    before.close()
    // Closed while the new ports were chosen.
    if (this.#closed) this.#use.close()
  }

  /** Prints the table again if it was printed and is out of date. */
  reprintSummary(logger: HostLogger): void {
    if (this.#printed) this.printSummary(logger)
  }

  close(): void {
    this.#closed = true
    this.#stopFollowing?.()
    this.#stopQrKey?.()
    this.#health?.close()
    this.use.session.onMove.delete(this.#follow)
    for (const page of this.#statusPages) page.end()
    this.#use.close()
  }

  readonly #follow = async ({ service, from, to, reservation }: Move): Promise<void> => {
    if (this.reservation(service) !== reservation) return
    const left = endpointOf({ port: from, protocol: reservation.protocol })
    await runSteps(this.publish(undefined, left), this.#world.place)
    const [variable, file] = [this.#variableOf(service), this.#files.blockName]
    const where = variable && file ? `; ${variable} in ${file} says so` : ''
    this.#logger?.info(noticeLine(`"${service}" has moved from port ${from} to ${to}${where}.`))
    for (const tell of this.#movedListeners) tell(service)
    this.#health?.restart(service)
  }

  #print(logger: HostLogger): void {
    const { checkout } = this.use.session
    const text = renderSummary(this.rows(), {
      width: this.#world.columns,
      colors,
      from: checkout.dir,
      branch: checkout.branch,
      linked: checkout.kind === 'worktree',
      envFile: this.#files.blockName,
      page: this.#pageUrl,
      full: this.#request.options.summary === 'full',
    }).join('\n')
    if (text === this.#printed) return
    this.#printed = text
    if (text) logger.info(text)
  }

  get hasStatusPage(): boolean {
    return this.#request.options.statusPage
  }

  statusPage(place: StatusPlace): StatusPage | undefined {
    if (!this.hasStatusPage) return undefined
    const page = lazyStatusPage(this, place)
    this.#statusPages.add(page)
    return page
  }

  get #pageUrl(): string | undefined {
    const server = this.reservation('dev') ?? this.reservation('preview')
    return server && this.#statusPages.size > 0 ? `${server.url}${STATUS_PATH}/` : undefined
  }

  /** The session that it is a part of. */
  get session(): Session {
    return this.use.session
  }

  /** See `SessionWorld`. */
  get world(): SessionWorld {
    return this.#world
  }

  /** Name of the env file, for people; `undefined` when none is written. */
  get envFile(): string | undefined {
    return this.#files.blockName
  }

  get notice(): boolean {
    return this.#request.options.notice
  }

  /** See `StatusSource`. */
  isProbed(service: string): boolean {
    const found = this.#request.services.find((host) => host.service.name === service)
    return found !== undefined && (!found.hold || found.service.healthGiven)
  }

  /** The variables that publish a service, as they are written. */
  variables(service: string): [name: string, value: string][] {
    const { env } = this.#request.options
    const { users, blockName } = this.#files
    if (!env || blockName === undefined) return []
    const published = this.#published().filter((one) => one.service === service)
    return [...blockVariables(published, env.prefix, users, blockName).variables]
  }

  /** The package script that seems to start a service; see {@link scriptFor}. */
  startCommand(service: string): string | undefined {
    const { state } = this.reservation(service) ?? {}
    return state === 'leased' ? scriptFor(service, this.#request.root) : undefined
  }

  /** The pools, and the ranges of services that say one. */
  areas(): Area[] {
    const { pools } = this.#request.options
    const given = this.#request.services.filter(({ service }) => service.rangeGiven)
    return areasOf(
      pools,
      given.map(({ service }) => service),
      [],
    )
  }

  /** Its services in the order of the options, as they are now. */
  rows(): SummaryRow[] {
    const { services, shared, options } = this.#request
    const rows = services.map(({ service }): SummaryRow => {
      const allocation = this.reservation(service.name)
      const failed = this.use.missing.find((problem) => problem.service === service.name)
      return {
        service: service.name,
        link: service.kind === 'dev' || service.kind === 'preview',
        variable: this.#variableOf(service.name),
        from: this.#wishes[service.name]?.find((wish) => wish.port === allocation?.port)?.from,
        ...(allocation && { allocation }),
        ...(failed && { failed: failed.attempts }),
        ...(failed?.group && { without: groupReason(failed.group) }),
      }
    })
    const sharing = Object.entries(shared).map(([service, owner]): SummaryRow => ({
      service,
      sharedWith: owner,
      link: false,
    }))
    const order = options.services.map((service) => service.name)
    return [...rows, ...sharing].toSorted(
      (a, b) => order.indexOf(a.service) - order.indexOf(b.service),
    )
  }

  #variableOf(service: string): string | undefined {
    const found = this.#request.options.services.find(({ name }) => name === service)
    return found?.env.port[0]
  }
}

/** For a service that this run doesn't have. */
const UNGUARDED: ServiceGuard = {
  settle: () => undefined,
  refusal: () => undefined,
  stranger: () => Promise.resolve(undefined),
}

function noticeLine(notice: string): string {
  return `${colors.cyan('ports:')} ${notice}`
}

function warningLine(warning: string): string {
  return `${colors.yellow('ports:')} ${warning}`
}
