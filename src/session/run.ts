import colors from 'picocolors'
import type {
  ConfigFollower,
  HostLogger,
  ProxyRoute,
  Run,
  RunRequest,
  StartHint,
} from '../bundlers/adapter.ts'
import { STATUS_PATH, type StatusPage, type StatusPlace } from '../bundlers/status-page.ts'
import type { PortsError } from '../errors.ts'
import { type Endpoint, endpointOf } from '../net/endpoint.ts'
import { serviceVariables } from '../output/variables.ts'
import { runSteps, type Steps } from '../reservation/questions.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { Move, SessionUse } from '../reservation/session.ts'
import { type EnvFiles, readEnvFiles } from './env-files.ts'
import type { RunHealth } from './health/run-health.ts'
import { ProxyRoutes } from './proxy/routes.ts'
import { type ConflictContext, resolveConflict } from './conflicts.ts'
import { besideLine } from './port-lines.ts'
import { keepUp } from './upkeep.ts'
import { poolWarnings } from './pool-warnings.ts'
import { RunBlock } from './run-block.ts'
import {
  addressesOf,
  publishedServices,
  type RunFacts,
  serviceOf,
  startHintOf,
  variableOf,
} from './run-facts.ts'
import { RunLog } from './run-log.ts'
import { type RunWishes, wishesOf } from './run-wishes.ts'
import { RunSummary } from './run-summary.ts'
import { lazyStatusPage } from './status-page.ts'
import type { StatusSource } from '../status/source.ts'
import { statusSource } from './status-source.ts'
import { startTelemetry } from './telemetry/start.ts'
import type { SessionWorld } from './world.ts'

/** One bundler server's run; see {@link Run}. */
export class DevRun implements Run {
  readonly #world: SessionWorld
  readonly #log = new RunLog()
  readonly #block = new RunBlock(this.#log)
  readonly #summary: RunSummary
  readonly #statusPages = new Set<StatusPage>()
  readonly #status: StatusSource
  readonly #movedListeners: ((service: string) => void)[] = []
  #facts: RunFacts
  readonly #routes: ProxyRoutes
  #health: RunHealth | undefined
  #closed = false
  #settled: Promise<void> | undefined
  #host: ConfigFollower | undefined
  #failure: PortsError | undefined
  #stopUpkeep: (() => void) | undefined
  #stopFollowing: (() => void) | undefined
  #stopQrKey: (() => void) | undefined

  constructor(facts: RunFacts, world: SessionWorld) {
    this.#facts = facts
    this.#world = world
    this.#status = statusSource(() => this.#facts, world)
    this.#summary = new RunSummary(facts, world.place, world.columns, () => this.#pageUrl)
    facts.use.session.onMove.add(this.#follow)
    const { session } = facts.use
    this.#routes = new ProxyRoutes({
      root: session.identity.root,
      checkout: session.checkout.dir,
      place: world.place,
      services: () => this.request.services.map(({ service }) => service),
      reservation: (service) => this.reservation(service),
      ports: () => [...this.use.session.reservations].map(({ port }) => port),
      started: (service) => this.use.session.started.get(service) ?? [],
      processState: (service) =>
        this.use.session.processes?.all().find((process) => process.service === service)?.state,
      startHint: (service) => this.startHint(service),
      // The status page has its own words for whose server it is.
      warn: (warnings) => this.#log.warn(warnings),
      say: (line) => this.#log.note(line),
    })
  }

  get titlePrefix(): string | undefined {
    return this.#status.titlePrefix
  }

  /** What it has reserved; another one after an edit of the config file. */
  get use(): SessionUse {
    return this.#facts.use
  }

  /** What the host asked for, as far as it could be followed. */
  get request(): RunRequest {
    return this.#facts.request
  }

  /** What the env files said when they were read last. */
  get files(): EnvFiles {
    return this.#facts.files
  }

  /** The typed ports, by service. */
  get wishes(): RunFacts['wishes'] {
    return this.#facts.wishes
  }

  reservation(service: string): PortReservation | undefined {
    return this.use.reservations.get(service)
  }

  addresses(): Record<string, { port: number; url: string }> {
    // What the browser gets to see, and it can't open a socket's path.
    const ports = Object.entries(addressesOf(this.#facts)).filter(
      ([, { path }]) => path === undefined,
    )
    return Object.fromEntries(ports.map(([service, { port, url }]) => [service, { port, url }]))
  }

  startHint(service: string): StartHint {
    return { ...startHintOf(service, this.#facts), elsewhere: this.#routes.failures(service) }
  }

  /**
   * Writes the env block.
   *
   * @param replaced The use of a server that this run's server takes over from.
   * @param left What a service has just moved away from.
   * @returns Whether anything was written.
   */
  publish(replaced: SessionUse | undefined, left?: Endpoint): Steps<boolean> {
    return this.#block.publish(this.#facts, replaced, left)
  }

  warn(warnings: readonly string[]): void {
    const { log } = this.use.session
    // What follows the first line names processes, which may be another user's.
    for (const warning of warnings) log.note('warning', warning.split('\n', 1)[0] ?? '')
    this.#log.warn(warnings)
  }

  report(logger: HostLogger): void {
    this.#log.open(logger)
    this.#keepUp()
    void this.#startProcesses()
    void this.#watchHealth()
    startTelemetry(this.use.session, () => this.#status.areas())
    void this.#checkPools()
  }

  printSummary(logger: HostLogger): void {
    this.#summary.print(logger)
  }

  networkUrls(): string[] {
    return [...this.#status.networkUrls()]
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
      this.#log.note(`${colors.bold('q + enter')} shows ${this.networkUrls()[0]} as a QR code.`)
    })
  }

  get hasStatusPage(): boolean {
    return this.request.options.statusPage
  }

  get notice(): boolean {
    return this.request.options.notice
  }

  continueAfter(previous: Run, logger: HostLogger): void {
    if (previous instanceof DevRun) this.#summary.continueAfter(previous.#summary, logger)
  }

  route(service: string): ProxyRoute {
    return this.#routes.route(service)
  }

  ownWrite(file: string): readonly string[] | undefined {
    return this.#block.ownWrite(file, this.#facts)
  }

  onMoved(tell: (service: string) => void): void {
    this.#movedListeners.push(tell)
  }

  followConfig(host: ConfigFollower): void {
    this.#host = host
    if (this.#failure) return this.#stop(this.#failure)
    if (this.#closed || this.#stopFollowing) return
    this.#stopFollowing = () => {}
    // Nobody else pays for the watcher, and the server is up by now.
    import('./follow-edits.ts').then(
      ({ followEdits }) => {
        if (!this.#closed) this.#stopFollowing = followEdits(this, host, this.#world)
      },
      (error: unknown) => this.warn([`edits of files are not followed: ${String(error)}`]),
    )
  }

  statusPage(place: StatusPlace): StatusPage | undefined {
    if (!this.hasStatusPage) return undefined
    const page = lazyStatusPage(this.#status, place)
    this.#statusPages.add(page)
    return page
  }

  get #pageUrl(): string | undefined {
    const server = this.reservation('dev') ?? this.reservation('preview')
    return server && this.#statusPages.size > 0 ? `${server.url}${STATUS_PATH}/` : undefined
  }

  /** The env files as they are now, and the ports that they and everything else ask for. */
  readWishes(): { files: EnvFiles; wishes: RunWishes } {
    const { root, envDirectory, envFiles, options } = this.request
    const files = readEnvFiles(root, envDirectory, envFiles, options.env?.file)
    return { files, wishes: wishesOf(this.request, files, this.#world.env, this.use.session) }
  }

  /** Goes on with the env files as they were read now. */
  reread(files: EnvFiles, wishes: RunFacts['wishes']): void {
    this.#facts = { ...this.#facts, files, wishes }
  }

  /**
   * Goes on as `next`, a run of the same server with other options: what only this run had is
   * released.
   */
  become(next: DevRun): void {
    const before = this.use
    next.use.session.onMove.delete(next.#follow)
    this.#facts = next.#facts
    this.#block.become(next.#block)
    this.#summary.become(next.#summary)
    this.#log.continueFrom(next.#log)
    this.#routes.forget()
    void this.#startProcesses()
    this.#health?.update(this.request.services.map(({ service }) => service))
    before.close()
    // Closed while the new ports were chosen.
    if (this.#closed) this.use.close()
  }

  /** Prints the table again if it was printed and is out of date. */
  reprintSummary(logger: HostLogger): void {
    this.#summary.reprint(logger)
  }

  close(): void {
    this.#closed = true
    this.#stopFollowing?.()
    this.#stopQrKey?.()
    this.#stopUpkeep?.()
    this.#health?.close()
    const { session } = this.use
    session.onMove.delete(this.#follow)
    for (const page of this.#statusPages) page.end()
    const { processes } = session
    this.use.close()
    this.#settled ??= processes?.settled()
  }

  async closed(): Promise<void> {
    await this.#settled
  }

  readonly #follow = async ({ service, from, to, reservation }: Move): Promise<void> => {
    if (this.reservation(service) !== reservation) return
    const left = endpointOf({ port: from, protocol: reservation.protocol })
    await runSteps(this.publish(undefined, left), this.#world.place)
    const [variable, file] = [variableOf(service, this.#facts), this.#facts.files.blockName]
    const where = variable && file ? `; ${variable} in ${file} says so` : ''
    this.#log.note(`"${service}" has moved from port ${from} to ${to}${where}.`)
    for (const tell of this.#movedListeners) tell(service)
    this.#health?.restart(service)
  }

  /** Their server is there to tell of them, and whoever has no commands pays nothing. */
  async #startProcesses(): Promise<void> {
    const { session } = this.use
    const services = this.request.services.map(({ service }) => service)
    if (!session.processes && services.every(({ process }) => !process)) return
    const [{ attachProcesses }, { Prefixes }] = await Promise.all([
      import('./processes/attach.ts'),
      import('./processes/prefix.ts'),
    ])
    if (this.#closed) return
    const prefixes = new Prefixes(colors)
    attachProcesses(
      this.use,
      {
        services,
        starts: ({ kind }) => kind === 'external',
        variables: () =>
          Object.fromEntries(publishedServices(this.#facts).flatMap(serviceVariables)),
        stranger: (service) => this.#routes.guard(service).stranger(),
        write: ({ service, line }) => this.#log.raw(`${prefixes.of(service)} ${line}`),
        say: (text, level) => this.#say(text, level),
      },
      this.#world,
    )
  }

  #say(text: string, level: 'info' | 'warn'): void {
    if (level === 'info') this.#log.note(text)
    else this.#log.warn([text])
  }

  /** Held ports stay held, and who takes one all the same is told of. */
  #keepUp(): void {
    this.#stopUpkeep ??= keepUp({
      place: this.#world.place,
      pid: this.#world.pid,
      env: this.#world.env,
      checkout: this.use.session.checkout.dir,
      reservations: () => this.use.reservations.values(),
      lost: (reservation, who) => void resolveConflict(reservation, who, this.#conflicts),
      beside: ({ service, port }, who) => this.#log.warn([besideLine(service, port, who)]),
    })
  }

  get #conflicts(): ConflictContext {
    return {
      session: this.use.session,
      policy: (service) => serviceOf(service, this.#facts)?.onConflict ?? 'warn',
      warn: (line) => this.#log.warn([line]),
      fail: (error) => this.#fail(error),
    }
  }

  /** The host closes its server, and that closes this run. */
  #fail(error: PortsError): void {
    if (this.#failure || this.#closed) return
    this.#failure = error
    if (this.#host) this.#stop(error)
  }

  #stop(error: PortsError): void {
    this.#world.fail()
    const stop = this.#host?.stop
    this.#log.error(`${error.name}: ${error.message}${stop ? '' : ' Stop this server by hand.'}`)
    stop?.().catch((reason: unknown) => this.warn([`the server did not close: ${String(reason)}`]))
  }

  async #checkPools(): Promise<void> {
    const { options, services } = this.request
    const mine = services.map(({ service }) => service)
    const own = [...this.use.session.reservations].map(({ port }) => port)
    const { place } = this.#world
    const warnings = await poolWarnings(options.pools, mine, own, place).catch(() => [])
    if (!this.#closed) this.warn(warnings)
  }

  /** Not before there is a server, and not in the way of its start. */
  async #watchHealth(): Promise<void> {
    const { watchHealth } = await import('./health/run-health.ts')
    if (this.#closed || this.#health) return
    this.#health = watchHealth(
      this.request.services.map(({ service }) => service),
      {
        session: this.use.session,
        env: this.#world.env,
        reservation: (service) => this.reservation(service),
        stranger: (service) => this.#routes.guard(service).stranger(),
        movedTo: (service) => this.#routes.movedTo(service),
        servedBy: (service) => this.#routes.servedBy(service),
        stolen: (service, who) => {
          const reservation = this.reservation(service)
          if (reservation) void resolveConflict(reservation, who, this.#conflicts, true)
        },
        say: (line, level) => this.#say(line, level),
      },
    )
  }
}
