import { PortsError, type ServiceProblem } from '../errors.ts'
import { type Endpoint, endpointText } from '../net/endpoint.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { choosingOrder } from '../plan/choosing-order.ts'
import type { HealthSample } from '../types.ts'
import { type Checkout, findCheckout } from '../utils/checkout.ts'
import { allocationContext } from './context.ts'
import { moveService } from './move-service.ts'
import { fatalProblems, giveUpGroup } from './problems.ts'
import { ask, runSteps, type Steps } from './questions.ts'
import { registry } from './registry.ts'
import { PortReservation } from './reservation.ts'
import { reserveWants } from './reserve-wants.ts'
import { SessionLog } from './session-log.ts'
import type {
  HealthSource,
  Move,
  PluginOffer,
  ProcessSource,
  SessionIdentity,
  SessionUse,
  Want,
} from './session-use.ts'
import { Turns } from './turns.ts'
import { unavailable } from './unavailable.ts'

export type { HealthSource, Move, ProcessSource, SessionUse, Want } from './session-use.ts'

/** How long the ports of a server that may be restarting stay held, in milliseconds. */
const LINGER_MS = 5000

/** The session of `identity.root` in this process, made on first use. */
export function sessionOf(identity: SessionIdentity): Session {
  const { sessions } = registry()
  let session = sessions.get(identity.root)
  if (!session) {
    session = new Session(identity)
    sessions.set(identity.root, session)
  }
  return session
}

/** Everything that is reserved for one root in this process. */
export class Session {
  readonly identity: SessionIdentity
  readonly checkout: Checkout
  /** Open uses; the last one to close ends the session. */
  readonly uses = new Set<SessionUse>()
  /** Told after a service has moved and before its old port is given up. */
  readonly onMove = new Set<(move: Move) => void | Promise<void>>()
  /** Remembers a moved service's port for the next run; by service, for those that may be remembered. */
  readonly remember = new Map<string, (had: PortReservation) => void>()
  /** Told of each health probe that has ended; must not throw. */
  readonly onProbe = new Set<(service: string, sample: HealthSample) => void>()
  /** What watches the health of this session's services. */
  readonly healthSources = new Set<HealthSource>()
  /** What runs the commands of this session's services; there as soon as one has any. */
  processes: ProcessSource | undefined
  /** What the status page brings along to change something; made by the first page that is opened. */
  pageToken: string | undefined
  /** What happened, for the status page. */
  readonly log = new SessionLog()
  /** The env block that this process was started with in its environment; absent when with none. */
  loadedBlock: ReadonlyMap<string, string> | undefined
  /** What a server of this session wrote last into an env file; by file. */
  readonly written = new Map<
    string,
    { readonly text: string; readonly changed: readonly string[] }
  >()
  /** How each reservation was wanted last. */
  readonly #wants = new WeakMap<PortReservation, Want>()
  readonly #turns = new Turns(() => this.#endIfUnused())
  /** Programs that were started for services, by service; whoever starts them keeps it. Default: none. */
  readonly started = new Map<string, readonly { readonly pid: number; readonly mark: string }[]>()
  #lingering: { use: SessionUse; timer: NodeJS.Timeout } | undefined

  /** Use {@link sessionOf}. */
  constructor(identity: SessionIdentity) {
    this.identity = identity
    this.checkout = identity.checkout ?? findCheckout(identity.root)
  }

  /** The reservations of all open uses. */
  get reservations(): ReadonlySet<PortReservation> {
    const all = [...this.uses].flatMap((use) => [...use.reservations.values()])
    return new Set(all.filter((reservation) => !reservation.released))
  }

  /**
   * Runs `work` when nothing else of its kind is under way in this session, so that two servers of
   * one root share services instead of racing for them.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work)
  }

  /**
   * Closes `use` a little later, so that a server which is being restarted without saying so finds
   * its ports still held. The next {@link Session.open} takes them over.
   */
  linger(use: SessionUse): void {
    if (this.#lingering?.use === use || !this.uses.has(use)) return
    this.#endLingering()
    const timer = setTimeout(() => this.#endLingering(), LINGER_MS)
    timer.unref()
    this.#lingering = { use, timer }
  }

  #endLingering(): void {
    clearTimeout(this.#lingering?.timer)
    this.#lingering?.use.close()
    this.#lingering = undefined
  }

  /**
   * Reserves all wanted services or none. Those with a higher priority choose first.
   *
   * @param previous The use of the server that this one replaces: its ports stay.
   * @param offer With a plugin: what it offers besides.
   * @throws PortsError when a required service can't be had; what the others got is released.
   */
  *open(
    wants: readonly Want[],
    previous: SessionUse | undefined = this.#lingering?.use,
    offer?: PluginOffer,
  ): Steps<SessionUse> {
    const user = {}
    const outcomes = new Map<string, PortReservation | ServiceProblem>()
    const chosen = new Map<Endpoint, ResolvedService>()
    const context = allocationContext(this.identity, this.checkout, chosen)
    const before = previous?.session === this ? previous : undefined
    const present = {
      before: (service: string) => living(before?.reservations.get(service)),
      anywhere: (service: string) => this.#reservation(service),
      debug: this.identity.debug,
    }
    const had = new Set([...this.reservations, ...(before?.reservations.values() ?? [])])
    for (const step of choosingOrder(wants)) {
      const mine = new Map<string, PortReservation | ServiceProblem>()
      for (const block of step.blocks) {
        for (const [service, outcome] of yield* reserveWants(block, present, context)) {
          this.#trace(service.name, outcome)
          mine.set(service.name, outcome)
          if (!(outcome instanceof PortReservation) || !had.has(outcome)) this.log.outcome(outcome)
          if (!(outcome instanceof PortReservation)) continue
          outcome.users.add(user)
          chosen.set(outcome.endpoint, service)
        }
      }
      if (step.group !== undefined) {
        for (const given of giveUpGroup(step.group, mine)) {
          given.leave(user)
          chosen.delete(given.endpoint)
        }
      }
      for (const [name, outcome] of mine) outcomes.set(name, outcome)
    }
    const mine = new Map<string, PortReservation>()
    const failed: ServiceProblem[] = []
    for (const want of wants) {
      const { plan } = want
      const outcome = outcomes.get(plan.service.name)
      if (outcome instanceof PortReservation) {
        mine.set(plan.service.name, outcome)
        this.#wants.set(outcome, want)
      } else if (outcome) failed.push(outcome)
    }
    const fatal = fatalProblems(failed, wants)
    if (fatal.length > 0) {
      for (const reservation of mine.values()) reservation.leave(user)
      this.#endIfUnused()
      yield* ask({ ask: 'holders', problems: fatal })
      throw unavailable(fatal, this.checkout.dir)
    }
    const use = this.#use(mine, failed, offer, user)
    if (previous && previous === this.#lingering?.use) this.#endLingering()
    for (const tell of registry().onOpen) tell()
    return use
  }

  /** Made here because a closure of `open` would keep the previous use in memory, and that the one before. */
  #use(
    reservations: SessionUse['reservations'],
    missing: SessionUse['missing'],
    offer: PluginOffer | undefined,
    user: object,
  ): SessionUse {
    const close = (): void => this.#close(use, user)
    const use: SessionUse = { session: this, reservations, missing, offer, close }
    this.uses.add(use)
    return use
  }

  /**
   * Gives a service another port: everybody who has its reservation goes on with that, is told, and
   * then the old one is released.
   *
   * @param to The port to take; without it the next candidate after the present one.
   * @param which The port that the service has, or its reservation, where several servers of this root
   * have a service of that name.
   * @throws PortsError `PORTS_NO_SERVICE` when this session has no such service, `PORTS_AMBIGUOUS` when it has several, `PORTS_SERVING`
   * while a server of this process listens, `PORTS_IN_A_ROW` for one of a block, and what an allocation throws.
   */
  async move(service: string, to?: number, which?: number | PortReservation): Promise<Move> {
    return this.inTurn(() => this.moveNow(service, to, which))
  }

  /** {@link Session.move} for whoever has the turn, or moves what nobody else can be after. */
  async moveNow(service: string, to?: number, which?: number | PortReservation): Promise<Move> {
    const { place } = this.identity
    // A process that serves there is started again where the service is then.
    const resume = await this.processes?.pause(service)
    try {
      const { want, reservation } = this.#movable(service, which)
      const context = allocationContext(this.identity, this.checkout)
      const { move, release } = await runSteps(moveService(reservation, want, to, context), place)
      try {
        await Promise.all([...this.onMove].map((tell) => tell(move)))
      } finally {
        release()
        this.remember.get(service)?.(move.reservation)
      }
      this.log.moved(move)
      return move
    } finally {
      resume?.()
    }
  }

  #movable(
    service: string,
    which: number | PortReservation | undefined,
  ): { want: Want; reservation: PortReservation } {
    const named = [...this.reservations].filter((reservation) => reservation.service === service)
    const meant = named.filter(
      (reservation) => which === undefined || which === reservation || which === reservation.port,
    )
    const [reservation, ...others] = meant
    if (reservation && others.length > 0) {
      const ports = meant.map(({ port }) => port).join(', ')
      throw new PortsError(
        'PORTS_AMBIGUOUS',
        `several servers of ${this.identity.root} have a service "${service}", on ports ${ports}. Say which one is meant: move("${service}", { from: ${reservation.port} }).`,
      )
    }
    const want = reservation && this.#wants.get(reservation)
    if (want) return { want, reservation }
    const names = [...this.reservations].map((r) => `"${r.service}"`).join(', ') || 'none'
    const on = typeof which === 'number' ? ` on port ${which}` : ''
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `${this.identity.root} has no service "${service}"${on} that could be moved. It has: ${names}.`,
    )
  }

  #reservation(service: string): PortReservation | undefined {
    return [...this.reservations].find((reservation) => reservation.service === service)
  }

  #close(use: SessionUse, user: object): void {
    if (!this.uses.delete(use)) return
    for (const reservation of use.reservations.values()) reservation.leave(user)
    this.#endIfUnused()
  }

  #endIfUnused(): void {
    // Whoever waits for a turn has this session in hand already and will open it.
    if (this.uses.size > 0 || this.#turns.busy) return
    const { sessions } = registry()
    if (sessions.get(this.identity.root) === this) sessions.delete(this.identity.root)
  }

  #trace(service: string, outcome: PortReservation | ServiceProblem): void {
    const { debug } = this.identity
    if (!debug) return
    for (const attempt of outcome.attempts) {
      const { source, rejected } = attempt
      debug(`${service}: ${endpointText(attempt)} (${source}) ${rejected ?? 'chosen'}`)
    }
    debug(`${service}: ${'state' in outcome ? outcome.state : outcome.code}`)
  }
}

function living(reservation: PortReservation | undefined): PortReservation | undefined {
  return reservation?.released ? undefined : reservation
}
