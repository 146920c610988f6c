import { PortsError, type ServiceProblem } from '../errors.ts'
import type { ServicePlan } from '../plan/plan.ts'
import type { ServiceHealth } from '../types.ts'
import { type Checkout, findCheckout } from '../utils/checkout.ts'
import type { Debug } from '../utils/debug.ts'
import { type AllocationContext, allocateService, type ServiceRequest } from './allocate.ts'
import { allocationContext } from './context.ts'
import { ask, runSteps, type Steps } from './questions.ts'
import { movedPlan } from './moved-plan.ts'
import { registry } from './registry.ts'
import { PortReservation } from './reservation.ts'
import { unavailable } from './unavailable.ts'
import type { LeasePlace } from './who-holds.ts'

/** How long the ports of a server that may be restarting stay held, in milliseconds. */
const LINGER_MS = 5000

/** A service as one server or program wants it. */
export interface Want {
  readonly plan: ServicePlan
  /** The `host` option that counts for this service in this server. */
  readonly host: string | boolean | undefined
  readonly hold: boolean
  readonly secure: boolean
  /** Ports on which this checkout's server may run already; they are looked at first. */
  readonly mayRun?: readonly number[]
}

/** Knows how services are; see `health` in the programmatic entry. */
export interface HealthSource {
  all(): ServiceHealth[]
  checkAll(): Promise<ServiceHealth[]>
}

/** A service has got another port. */
export interface Move {
  readonly service: string
  readonly from: number
  readonly to: number
  readonly reservation: PortReservation
}

/** One bundler server's or program's part of a session. */
export interface SessionUse {
  readonly session: Session
  /** By service name. */
  readonly reservations: ReadonlyMap<string, PortReservation>
  /** Services that are not required and could not be had. */
  readonly missing: readonly ServiceProblem[]
  /** What a plugin says besides; a program says nothing. */
  readonly offer: PluginOffer | undefined
  /** Leaves every reservation; the last user of each one releases it. Idempotent. */
  close(): void
}

/** What a plugin's config offers beyond what it has reserved now. */
export interface PluginOffer {
  /** Services that ride on another one's port, by name. */
  readonly shared: Readonly<Record<string, string>>
  /** Services that are reserved when a program starts their server. */
  readonly later: readonly string[]
}

/** What a session tells other processes about itself. */
export interface SessionIdentity {
  readonly root: string
  readonly command: string
  readonly pid: number
  readonly place: LeasePlace
  readonly debug?: Debug | undefined
  /** Ports that the process which started this one holds for its servers. Default: none. */
  readonly lentPorts?: ReadonlySet<number> | undefined
}

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
  /** What watches the health of this session's services. */
  readonly healthSources = new Set<HealthSource>()
  /** Remembers a moved service's port for the next run; by service, for those that may be remembered. */
  readonly remember = new Map<string, (had: PortReservation) => void>()
  /** How each service was wanted last. */
  readonly #wants = new Map<string, Want>()
  #queue: Promise<unknown> = Promise.resolve()
  /** Work of {@link Session.inTurn} that has not come to its end. */
  #turns = 0
  #lingering: { use: SessionUse; timer: NodeJS.Timeout } | undefined

  /** Use {@link sessionOf}. */
  constructor(identity: SessionIdentity) {
    this.identity = identity
    this.checkout = findCheckout(identity.root)
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
    this.#turns++
    const turn = this.#queue.then(work).finally(() => {
      this.#turns--
      this.#endIfUnused()
    })
    this.#queue = turn.catch(() => {})
    return turn
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
   * Reserves all wanted services or none.
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
    const mine = new Map<string, PortReservation>()
    const problems: ServiceProblem[] = []
    const missing: ServiceProblem[] = []
    const context = allocationContext(this.identity, this.checkout)
    for (const want of wants) {
      const { service } = want.plan
      const outcome = yield* this.#reserve(want, previous, context)
      this.#trace(service.name, outcome)
      if (outcome instanceof PortReservation) {
        outcome.users.add(user)
        mine.set(service.name, outcome)
      } else {
        ;(service.required ? problems : missing).push(outcome)
      }
    }
    if (problems.length > 0) {
      for (const reservation of mine.values()) reservation.leave(user)
      this.#endIfUnused()
      yield* ask({ ask: 'holders', problems })
      throw unavailable(problems, this.checkout.dir)
    }
    const use: SessionUse = {
      session: this,
      reservations: mine,
      missing,
      offer,
      close: () => this.#close(use, user),
    }
    this.uses.add(use)
    if (previous && previous === this.#lingering?.use) this.#endLingering()
    for (const tell of registry().onOpen) tell()
    return use
  }

  /**
   * Gives a service another port: everybody who has its reservation goes on with that, is told, and
   * then the old one is released.
   *
   * @param to The port to take; without it the next candidate after the present one.
   * @throws PortsError `PORTS_NO_SERVICE` when this session has no such service, `PORTS_SERVING`
   * while a server of this process listens, and what an allocation throws.
   */
  async move(service: string, to?: number): Promise<Move> {
    return this.inTurn(async () => {
      const { place } = this.identity
      const { move, release } = await runSteps(this.#move(service, to), place)
      try {
        await Promise.all([...this.onMove].map((tell) => tell(move)))
      } finally {
        release()
        this.remember.get(service)?.(move.reservation)
      }
      return move
    })
  }

  *#move(service: string, to: number | undefined): Steps<{ move: Move; release: () => void }> {
    const want = this.#wants.get(service)
    const reservation = [...this.reservations].find((r) => r.service === service)
    if (!want || !reservation) {
      const names = [...this.reservations].map((r) => `"${r.service}"`).join(', ') || 'none'
      throw new PortsError(
        'PORTS_NO_SERVICE',
        `${this.identity.root} has no service "${service}" that could be moved. It has: ${names}.`,
      )
    }
    const from = reservation.port
    const { facts, bound } = reservation
    const plan = movedPlan(want.plan, from, to)
    const request: ServiceRequest = { plan, bound, hold: want.hold, secure: facts.secure }
    const outcome = yield* allocateService(request, allocationContext(this.identity, this.checkout))
    if (!outcome.ok || 'keep' in outcome) {
      const code = outcome.ok ? 'PORTS_TAKEN' : outcome.code
      const problems = [{ service, code, attempts: outcome.attempts }]
      yield* ask({ ask: 'holders', problems })
      throw unavailable(problems, this.checkout.dir)
    }
    const { hold, lease } = outcome.found
    try {
      const release = reservation.moveTo(outcome.found)
      return { move: { service, from, to: outcome.found.port, reservation }, release }
    } catch (error) {
      hold?.close()
      lease?.end()
      throw error
    }
  }

  #close(use: SessionUse, user: object): void {
    if (!this.uses.delete(use)) return
    for (const reservation of use.reservations.values()) reservation.leave(user)
    this.#endIfUnused()
  }

  #endIfUnused(): void {
    // Whoever waits for a turn has this session in hand already and will open it.
    if (this.uses.size > 0 || this.#turns > 0) return
    const { sessions } = registry()
    if (sessions.get(this.identity.root) === this) sessions.delete(this.identity.root)
  }

  *#reserve(
    want: Want,
    previous: SessionUse | undefined,
    context: AllocationContext,
  ): Steps<PortReservation | ServiceProblem> {
    const { plan } = want
    const { name } = plan.service
    this.#wants.set(name, want)
    const bound = yield* ask({ ask: 'address', host: want.host })
    if (!bound) return { service: name, code: 'PORTS_NO_ADDRESS', attempts: [] }
    const facts = {
      secure: want.secure,
      description: plan.service.description,
      metadata: plan.service.metadata,
      key: plan.key,
    }
    const before = previous?.session === this ? present(previous, name) : undefined
    // Any number of servers may talk to a server that somebody else starts.
    const shared = want.hold ? undefined : [...this.reservations].find((r) => r.service === name)
    const same = before?.facts.key === plan.key ? before : before ? undefined : shared
    if (same) return same.continueAs(bound, facts)
    const request: ServiceRequest = {
      plan,
      bound,
      hold: want.hold,
      secure: want.secure,
      current: before?.port,
      // Its own lease would pass for a running server.
      ...(!before && want.mayRun && { mayRun: want.mayRun }),
    }
    const outcome = yield* allocateService(request, context)
    if (!outcome.ok) return { service: name, code: outcome.code, attempts: outcome.attempts }
    if (!('keep' in outcome)) {
      return new PortReservation(outcome.found, facts, this.identity.debug)
    }
    return (before as PortReservation).continueAs(bound, facts)
  }

  #trace(service: string, outcome: PortReservation | ServiceProblem): void {
    const { debug } = this.identity
    if (!debug) return
    for (const { port, source, rejected } of outcome.attempts) {
      debug(`${service}: ${port} (${source}) ${rejected ?? 'chosen'}`)
    }
    debug(`${service}: ${'state' in outcome ? outcome.state : outcome.code}`)
  }
}

function present(use: SessionUse, name: string): PortReservation | undefined {
  const reservation = use.reservations.get(name)
  return reservation?.released ? undefined : reservation
}
