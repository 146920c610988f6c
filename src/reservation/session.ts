import { PortsError, type ServiceProblem } from '../errors.ts'
import type { BindAddress } from '../net/addresses.ts'
import { type Endpoint, endpointText } from '../net/endpoint.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { choosingOrder } from '../plan/choosing-order.ts'
import { isBlock, type ServicePlan } from '../plan/plan.ts'
import type { HealthSample, ServiceHealth } from '../types.ts'
import { type Checkout, findCheckout } from '../utils/checkout.ts'
import type { Debug } from '../utils/debug.ts'
import {
  type AllocationContext,
  allocateService,
  type ServiceOutcome,
  type ServiceRequest,
} from './allocate.ts'
import { allocateBlock } from './allocate-block.ts'
import { allocationContext } from './context.ts'
import { movedPlan } from './moved-plan.ts'
import { fatalProblems, giveUpGroup, problemOf } from './problems.ts'
import { ask, runSteps, type Steps } from './questions.ts'
import { registry } from './registry.ts'
import { PortReservation, type ReservationFacts } from './reservation.ts'
import { SessionLog } from './session-log.ts'
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
  readonly remembered?: number | undefined
  /** Its own settings are as before, so it keeps the port it has. Default `false`. */
  readonly kept?: boolean
  readonly usual?: readonly number[]
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
  /** Remembers a moved service's port for the next run; by service, for those that may be remembered. */
  readonly remember = new Map<string, (had: PortReservation) => void>()
  /** Told of each health probe that has ended; must not throw. */
  readonly onProbe = new Set<(service: string, sample: HealthSample) => void>()
  /** What watches the health of this session's services. */
  readonly healthSources = new Set<HealthSource>()
  /** Starts a service's command anew; by service, for those whose command this process runs. */
  readonly restarts = new Map<string, () => Promise<void>>()
  /** What the status page brings along to change something; made by the first page that is opened. */
  pageToken: string | undefined
  /** What happened, for the status page. */
  readonly log = new SessionLog()
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
    for (const step of choosingOrder(wants)) {
      const mine = new Map<string, PortReservation | ServiceProblem>()
      for (const block of step.blocks) {
        for (const [service, outcome] of yield* this.#reserve(block, previous, context)) {
          this.#trace(service.name, outcome)
          mine.set(service.name, outcome)
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
    for (const { plan } of wants) {
      const outcome = outcomes.get(plan.service.name)
      if (outcome instanceof PortReservation) mine.set(plan.service.name, outcome)
      else if (outcome) failed.push(outcome)
    }
    const fatal = fatalProblems(failed, wants)
    if (fatal.length > 0) {
      for (const reservation of mine.values()) reservation.leave(user)
      this.#endIfUnused()
      yield* ask({ ask: 'holders', problems: fatal })
      throw unavailable(fatal, this.checkout.dir)
    }
    const use: SessionUse = {
      session: this,
      reservations: mine,
      missing: failed,
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
   * while a server of this process listens, `PORTS_IN_A_ROW` for one of a block, and what an allocation throws.
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
      this.log.tally.moves++
      this.log.note('moved', `moved from port ${move.from} to ${move.to}`, service)
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
    if (reservation.path !== undefined) {
      throw new PortsError(
        'PORTS_NO_SERVICE',
        `"${service}" has protocol "unix" and so no port that could be moved. Set services.${service}.path to have it elsewhere.`,
      )
    }
    if (isBlock(want.plan.service)) {
      const { of, count } = want.plan.service.instance
      throw new PortsError(
        'PORTS_IN_A_ROW',
        `"${service}" can't be moved by itself: its port is one of ${count} in a row. Change services.${of}.preferred and start again.`,
      )
    }
    const from = reservation.port
    const { facts, bound } = reservation
    const plan = movedPlan(want.plan, from, to)
    const request: ServiceRequest = { plan, bound, hold: want.hold, secure: facts.secure }
    const outcome = yield* allocateService(request, allocationContext(this.identity, this.checkout))
    if (!outcome.ok || 'keep' in outcome) {
      const code = outcome.ok ? 'PORTS_TAKEN' : outcome.code
      const { attempts } = outcome
      const problems = [problemOf(want.plan.service, { code, attempts })]
      yield* ask({ ask: 'holders', problems })
      throw unavailable(problems, this.checkout.dir)
    }
    const { hold, lease } = outcome.found
    this.log.count(outcome.found.attempts, outcome.found.source)
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

  /** Reserves one service, or several whose ports are in a row. */
  *#reserve(
    wants: readonly Want[],
    previous: SessionUse | undefined,
    context: AllocationContext,
  ): Steps<[ResolvedService, PortReservation | ServiceProblem][]> {
    const prepared: Prepared[] = []
    for (const want of wants) {
      const { service } = want.plan
      this.#wants.set(service.name, want)
      // A path has no address to look up.
      const host = service.protocol === 'unix' ? true : want.host
      const bound = yield* ask({ ask: 'address', host })
      if (!bound) {
        const failure = { code: 'PORTS_NO_ADDRESS', attempts: [] } as const
        return wants.map(({ plan }) => [plan.service, problemOf(plan.service, failure)])
      }
      prepared.push({ want, service, bound, ...this.#present(want, previous) })
    }
    if (prepared.every(({ same }) => same)) {
      return prepared.map(({ want, service, bound, same }) => [
        service,
        (same as PortReservation).continueAs(bound, factsOf(want)),
      ])
    }
    const requests = prepared.map(({ want, bound, before }): ServiceRequest => ({
      plan: want.plan,
      bound,
      hold: want.hold,
      secure: want.secure,
      current: before?.endpoint,
      // Its own lease would pass for a running server.
      ...(!before && { remembered: want.remembered, usual: want.usual }),
    }))
    const [only] = requests
    const outcomes =
      only && requests.length === 1
        ? [yield* allocateService(only, context)]
        : yield* allocateBlock(requests, context)
    return prepared.map(({ want, service, bound, before }, index) => {
      const outcome = outcomes[index] as ServiceOutcome
      if (!outcome.ok) {
        this.log.count(outcome.attempts, undefined)
        this.log.note('exhausted', 'no port could be had', service.name)
        return [service, problemOf(service, outcome)]
      }
      const facts = factsOf(want)
      if ('keep' in outcome) {
        return [service, (before as PortReservation).continueAs(bound, facts)]
      }
      const had = new PortReservation(outcome.found, facts, this.identity.debug)
      this.log.count(had.attempts, had.source)
      this.log.note('allocated', `has ${endpointText(had)}`, service.name)
      return [service, had]
    })
  }

  /** The reservation that the replaced server has, and the one that is gone on with as it is. */
  #present(
    { plan, hold, kept }: Want,
    previous: SessionUse | undefined,
  ): Pick<Prepared, 'before' | 'same'> {
    const { name } = plan.service
    const before = previous?.session === this ? present(previous, name) : undefined
    const asBefore = kept || before?.facts.key === plan.key
    if (before) return { before, same: asBefore ? before : undefined }
    // Any number of servers may talk to a server that somebody else starts.
    const shared = hold ? undefined : [...this.reservations].find((r) => r.service === name)
    return { before, same: shared }
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

/** What a want meets in its session. */
interface Prepared {
  readonly want: Want
  readonly service: ResolvedService
  readonly bound: BindAddress
  readonly before: PortReservation | undefined
  readonly same: PortReservation | undefined
}

function factsOf({ plan: { service, key }, secure }: Want): ReservationFacts {
  const { scheme, description, metadata } = service
  return { secure, scheme, description, metadata, key }
}

function present(use: SessionUse, name: string): PortReservation | undefined {
  const reservation = use.reservations.get(name)
  return reservation?.released ? undefined : reservation
}
