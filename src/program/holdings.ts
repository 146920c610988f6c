import type { Endpoint } from '../net/endpoint.ts'
import type { Range } from '../options/resolved.ts'
import { registry } from '../reservation/registry.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { Move, ProcessSource, SessionUse } from '../reservation/session.ts'

/** Everything that one instance has reserved. */
export class Holdings {
  /** Told of each reservation that ended, whoever ended it. */
  onReleased: (reservation: PortReservation) => void = () => {}
  /** Told of each reservation that has another port now. */
  onMoved: (move: Move) => void = () => {}
  readonly #services = new Map<string, PortReservation>()
  /** Without a service of this instance. */
  readonly #loose = new Map<Endpoint, PortReservation>()
  readonly #uses = new Set<SessionUse>()
  readonly #since = new WeakMap<PortReservation, string>()
  /** Where the loose ones were looked for. */
  readonly #ranges = new Map<PortReservation, Range>()

  /** By service. */
  get services(): ReadonlyMap<string, PortReservation> {
    return this.#services
  }

  /** Takes in what a session has reserved for services of this instance. */
  addServices(use: SessionUse): void {
    for (const [name, reservation] of use.reservations) this.#services.set(name, reservation)
    this.addUse(use)
  }

  /** Takes in what a session has reserved besides. */
  addUse(use: SessionUse): void {
    this.#uses.add(use)
    use.session.onMove.add(this.#follow)
    for (const reservation of use.reservations.values()) this.#watch(reservation, use)
  }

  /** Takes in ports that no session knows; they were looked for in `range`. */
  addLoose(reservations: readonly PortReservation[], range: Range): void {
    for (const reservation of reservations) {
      this.#watch(reservation)
      this.#ranges.set(reservation, range)
      registry().loose.set(reservation.port, reservation)
    }
  }

  /** Ranges from which ports without a service come, as long as there are any. */
  ranges(): Range[] {
    return [...new Set(this.#ranges.values())]
  }

  /** All of them, in the order of the ports. */
  all(): PortReservation[] {
    const all = [...this.#services.values(), ...this.#loose.values()]
    return all.toSorted((a, b) => a.port - b.port)
  }

  /** The reservation of a service or a port. */
  find(what: number | string): PortReservation | undefined {
    if (typeof what === 'string') return this.#services.get(what)
    const loose = this.#loose.get(what)
    if (loose) return loose
    for (const reservation of this.#services.values()) {
      if (reservation.endpoint === what) return reservation
    }
    return undefined
  }

  /** When it was reserved, as an ISO 8601 time. */
  since(reservation: PortReservation): string {
    return this.#since.get(reservation) ?? ''
  }

  /** Leaves and releases everything; resolves when nothing is left of processes that were started for it. */
  async close(): Promise<void> {
    const sources = this.#processSources()
    for (const use of this.#uses) this.#leave(use)
    for (const reservation of this.#loose.values()) void reservation.release()
    this.#services.clear()
    await Promise.all(sources.map((source) => source.settled()))
  }

  /** Releases some of it; resolves as {@link Holdings.close} does. */
  async release(reservations: Iterable<PortReservation>): Promise<void> {
    const sources = this.#processSources()
    for (const reservation of reservations) await reservation.release()
    await Promise.all(sources.map((source) => source.settled()))
  }

  #processSources(): ProcessSource[] {
    const sessions = new Set(Array.from(this.#uses, ({ session }) => session))
    return [...sessions].flatMap(({ processes }) => processes ?? [])
  }

  /** A function of this instance, so that a session has it once however many uses there are. */
  readonly #follow = (move: Move): void => {
    const { reservation, from, to } = move
    const isLoose = this.#loose.get(from) === reservation
    if (!isLoose && this.#services.get(move.service) !== reservation) return
    if (isLoose) {
      this.#loose.delete(from)
      this.#loose.set(to, reservation)
    }
    this.onMoved(move)
  }

  #watch(reservation: PortReservation, use?: SessionUse): void {
    const { service, endpoint } = reservation
    const isService = this.#services.get(service) === reservation
    if (!isService) this.#loose.set(endpoint, reservation)
    this.#since.set(reservation, new Date().toISOString())
    reservation.onEnd.add(() => {
      if (isService) this.#services.delete(service)
      else this.#loose.delete(reservation.endpoint)
      if (this.#ranges.delete(reservation)) registry().loose.delete(reservation.port)
      // A use without a reservation would keep its session for nothing.
      if (use && [...use.reservations.values()].every(({ released }) => released)) this.#leave(use)
      this.onReleased(reservation)
    })
  }

  #leave(use: SessionUse): void {
    const { session } = use
    this.#uses.delete(use)
    if (![...this.#uses].some((other) => other.session === session)) {
      session.onMove.delete(this.#follow)
    }
    use.close()
  }
}
