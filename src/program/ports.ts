import { resolve } from 'node:path'
import { PortsError, type ServiceProblem } from '../errors.ts'
import { leasedPorts } from '../lease/list.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { allocationContext } from '../reservation/context.ts'
import { runSteps } from '../reservation/questions.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import {
  openServices,
  publishedVariables,
  type Reservations,
  reserveServices,
} from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { Options, Reservation, ServiceOptions } from '../types.ts'
import { findCheckout } from '../utils/checkout.ts'
import { realRoot } from '../utils/real-root.ts'
import { takePorts } from './anonymous.ts'
import { checkPort, checkRange, checkWaitOptions } from './arguments.ts'
import type { Listener } from './emitter.ts'
import { Holdings } from './holdings.ts'
import { waitTarget } from './lookup.ts'
import { Notices } from './notices.ts'
import { resolveReserveOptions } from './reserve-options.ts'
import { reservedPorts } from './reserved-ports.ts'
import { companions, ServiceBook } from './services.ts'
import type {
  Explanation,
  NamedOptions,
  Ports,
  PortsEvents,
  PortStatus,
  ReservedPorts,
  ReserveOptions,
  Utilisation,
  WaitOptions,
} from './types.ts'

/** Options by which a call is told to mean ports without a service. */
const ANONYMOUS_KEYS = ['count', 'range', 'contiguous', 'label'] as const

/** See {@link Ports}. */
export class ProgramPorts implements Ports {
  readonly #world: SessionWorld
  readonly #root: string
  readonly #holdings = new Holdings()
  readonly #notices: Notices
  #book: ServiceBook
  #missing: readonly ServiceProblem[] = []
  /** Allocations wait for one another, so that two calls for one service share its port. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  /**
   * @param warn Gets the warnings that nobody listens to.
   * @throws PortsOptionError for options that can't be understood.
   */
  constructor(options: Options, world: SessionWorld, warn: (message: string) => void) {
    this.#book = new ServiceBook(options)
    this.#world = world
    this.#root = realRoot(world.cwd, options.root)
    this.#notices = new Notices(world.place, warn, () => this.utilisation())
    this.#holdings.onMoved = ({ service, from, to }) => {
      this.#notices.emit('moved', { service, from, to })
    }
    this.#holdings.onReleased = ({ service, port }) => {
      this.#notices.emit('released', { service, port })
    }
  }

  /** After {@link ProgramPorts.close}. */
  get closed(): boolean {
    return this.#closed
  }

  get missing(): readonly ServiceProblem[] {
    return this.#missing
  }

  // The interface says more precisely when the result may be missing.
  async allocate(service: string, options?: ServiceOptions | number): Promise<never> {
    return this.#inTurn(async () => {
      const book = this.#book.with(service, options, this.#holdings.services.has(service))
      await this.#open(book, (services) => companions(services, service))
      return this.get(service) as never
    })
  }

  async allocateAll(): Promise<Record<string, Reservation>> {
    return this.#inTurn(async () => {
      await this.#open(this.#book, (services) => services)
      return Object.fromEntries(this.#holdings.services)
    })
  }

  async fromEnvOr(variable: string, fallback: number, service = 'main'): Promise<Reservation> {
    checkPort(fallback, 'fallback')
    const given = this.#book.given(service)
    return this.allocate(service, { ...given, preferred: fallback, env: { port: variable } })
  }

  get(service: string): Reservation | undefined {
    return this.#holdings.services.get(service)
  }

  ports(): Record<string, number> {
    return Object.fromEntries(
      Array.from(this.#holdings.services, ([name, { port }]): [string, number] => [name, port]),
    )
  }

  env(): Record<string, string> {
    return publishedVariables(this.#book.resolve().services, this.#holdings.services)
  }

  reserve(options: NamedOptions): Promise<Reservations>
  reserve(options?: ReserveOptions & { readonly count?: undefined }): Promise<Reservation>
  reserve(options: ReserveOptions & { readonly count: number }): Promise<ReservedPorts>
  async reserve(
    options?: NamedOptions | ReserveOptions,
  ): Promise<Reservations | Reservation | ReservedPorts> {
    if (isNamed(options)) return this.#reserveNamed(options)
    const request = resolveReserveOptions(options)
    const { host = this.#book.options.host } = request
    return this.#inTurn(async () => {
      const world = this.#world
      const steps = takePorts(
        { ...request, host },
        {
          ...allocationContext({ ...world, root: this.#root }, findCheckout(this.#root)),
          ephemeral: ephemeralRange(),
          isMine: (port) => this.#holdings.find(port) !== undefined,
        },
      )
      const taken = await this.#notices.watch(() => runSteps(steps, world.place))
      if (this.#closed) {
        for (const reservation of taken) void reservation.release()
        throw this.#closedError()
      }
      this.#holdings.addLoose(taken, request.range)
      this.#notices.allocated(taken)
      return options?.count === undefined ? (taken[0] as Reservation) : reservedPorts(taken)
    })
  }

  reservations(): Reservation[] {
    return this.#holdings.all()
  }

  isReserved(port: number): boolean {
    checkPort(port)
    return this.#holdings.find(port) !== undefined || leasedPorts(this.#world.place).has(port)
  }

  async release(what: number | string | Iterable<number | string>): Promise<number[]> {
    const all = typeof what === 'object' ? [...what] : [what]
    const found = new Set(all.flatMap((one) => this.#holdings.find(one) ?? []))
    for (const reservation of found) await reservation.release()
    return [...found].map(({ port }) => port)
  }

  async status(): Promise<PortStatus[]> {
    const { statusOf } = await import('./status.ts')
    const since = (reservation: PortReservation): string => this.#holdings.since(reservation)
    return statusOf(this.#holdings.all(), since, this.#world)
  }

  async waitFor(target: number | string, options: WaitOptions = {}): Promise<void> {
    if (typeof target === 'number') checkPort(target)
    checkWaitOptions(options)
    const { waitFor } = await import('./wait-for.ts')
    const { place } = this.#world
    const context = { root: this.#root, place, holdings: this.#holdings }
    return waitFor(waitTarget(target, options.host, context), options)
  }

  async isAvailable(port: number, host?: string | boolean): Promise<boolean> {
    checkPort(port)
    const { isAvailable } = await import('./available.ts')
    return isAvailable(port, host, this.#world.place)
  }

  async findAvailable(
    from: number,
    to: number,
    host?: string | boolean,
  ): Promise<number | undefined> {
    checkRange(from, to)
    const { findAvailable } = await import('./available.ts')
    return findAvailable(from, to, host, this.#world.place)
  }

  async explain(service: string): Promise<Explanation> {
    const { explainService } = await import('./explain.ts')
    return explainService(service, {
      root: this.#root,
      place: this.#world.place,
      own: this.#holdings.services,
      missing: this.#missing,
    })
  }

  async utilisation(): Promise<Utilisation[]> {
    const { areasOf, measure } = await import('./utilisation.ts')
    const { pools, services } = this.#book.resolve()
    const used = services.filter(({ name }) => this.#holdings.services.has(name))
    const measured = await measure(areasOf(pools, used, this.#holdings.ranges()), this.#world.place)
    this.#notices.measured(measured)
    return measured
  }

  async save(file?: string): Promise<string> {
    const { SAVED_FILE, writeSaved } = await import('./saved.ts')
    const path = resolve(this.#root, file ?? SAVED_FILE)
    writeSaved(path, this.#book.remembering(this.#holdings.services))
    return path
  }

  async load(file?: string): Promise<boolean> {
    const { SAVED_FILE, readSaved } = await import('./saved.ts')
    const options = readSaved(resolve(this.#root, file ?? SAVED_FILE))
    if (!options) return false
    return this.#inTurn(async () => {
      this.#book = this.#book.merged(options)
      return true
    })
  }

  on<Name extends keyof PortsEvents>(
    name: Name,
    listener: Listener<PortsEvents[Name]>,
  ): () => void {
    return this.#notices.on(name, listener)
  }

  once<Name extends keyof PortsEvents>(
    name: Name,
    listener: Listener<PortsEvents[Name]>,
  ): () => void {
    return this.#notices.once(name, listener)
  }

  off<Name extends keyof PortsEvents>(name: Name, listener: Listener<PortsEvents[Name]>): void {
    this.#notices.off(name, listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#holdings.close()
    // What is under way finds out that it is too late, and lets go.
    await this.#turn
    this.#notices.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reserveNamed(options: NamedOptions): Promise<Reservations> {
    return this.#inTurn(async () => {
      const given = { ...options, root: options.root ?? this.#root }
      const { use, warnings, reservations } = await this.#notices.watch(() =>
        reserveServices(given, this.#world),
      )
      this.#notices.warn(warnings)
      if (this.#closed) {
        use.close()
        throw this.#closedError()
      }
      this.#holdings.addUse(use)
      this.#notices.allocated([...use.reservations.values()], use.missing)
      return reservations
    })
  }

  /** Reserves those of the book's services that are asked for and have no port, all or none. */
  async #open(
    book: ServiceBook,
    wanted: (services: readonly ResolvedService[]) => readonly ResolvedService[],
  ): Promise<void> {
    const resolved = book.resolve()
    const has = (name: string): boolean => this.#holdings.services.has(name)
    const services = wanted(resolved.services).filter(({ name }) => !has(name))
    if (services.length > 0) {
      const { use, warnings } = await this.#notices.watch(() =>
        openServices({ ...resolved, services, root: this.#root }, this.#world),
      )
      this.#notices.warn(warnings)
      if (this.#closed) {
        use.close()
        throw this.#closedError()
      }
      this.#holdings.addServices(use)
      const tried = new Set(services.map(({ name }) => name))
      this.#missing = [...this.#missing.filter((p) => !tried.has(p.service)), ...use.missing]
      this.#notices.allocated([...use.reservations.values()], use.missing)
    }
    this.#book = book
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#closed) throw this.#closedError()
      return work()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #closedError(): PortsError {
    return new PortsError(
      'PORTS_CLOSED',
      'these ports were closed before. Make new ones with createPorts().',
    )
  }
}

function isNamed(options: NamedOptions | ReserveOptions | undefined): options is NamedOptions {
  if (options === undefined) return false
  if ('services' in options) return true
  return ANONYMOUS_KEYS.every((key) => options[key] === undefined)
}
