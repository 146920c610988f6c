import { PortsError, type ServiceProblem } from '../errors.ts'
import { loadOptions } from '../config/load.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import type { Range, ResolvedService } from '../options/resolved.ts'
import { allocationContext } from '../reservation/context.ts'
import { runSteps } from '../reservation/questions.ts'
import { openServices, type Reservations, reserveServices } from '../session/reserve.ts'
import type { ProcessEars } from '../session/program-processes.ts'
import { identityIn, type SessionWorld } from '../session/world.ts'
import type { Options, Reservation, ServiceOptions } from '../types.ts'
import { findCheckout } from '../utils/checkout.ts'
import { forAMoment } from '../utils/for-a-moment.ts'
import { realRoot } from '../utils/real-root.ts'
import { takePorts } from './anonymous.ts'
import { checkPort } from './arguments.ts'
import { Holdings } from './holdings.ts'
import type { Notices } from './notices.ts'
import { resolveReserveOptions } from './reserve-options.ts'
import { reservedPorts } from './reserved-ports.ts'
import { takeExpected } from './take-expected.ts'
import { companions, ServiceBook } from './services.ts'
import type { NamedOptions, ReservedPorts, ReserveOptions } from './types.ts'

/** Options by which a call is told to mean ports without a service. */
const ANONYMOUS_KEYS = ['count', 'range', 'contiguous', 'label'] as const

/** The allocating half of an instance: what it is configured with, what it has, and how it gets more. */
export class Allocations {
  readonly world: SessionWorld
  readonly root: string
  readonly holdings = new Holdings()
  readonly notices: Notices
  /** What this instance is configured with now. */
  book: ServiceBook
  /** See {@link Ports.missing}. */
  missing: readonly ServiceProblem[] = []
  /** Allocations wait for one another, so that two calls for one service share its port. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false
  #failure: PortsError | undefined
  #stopWatching: (() => void) | undefined
  #hasRead = false
  /** Ports that are taken one by one need not read the same files each time. */
  readonly #checkout = forAMoment(1000, findCheckout)
  readonly #ephemeral = forAMoment<void, Range>(1000, () => ephemeralRange())

  /**
   * @param notices Told of everything that happens.
   * @throws PortsOptionError for options that can't be understood.
   */
  constructor(options: Options, world: SessionWorld, notices: Notices) {
    this.book = new ServiceBook(options)
    this.world = world
    this.root = realRoot(world.cwd, options.root)
    this.notices = notices
    this.holdings.onMoved = ({ service, from, to }) => {
      this.notices.emit('moved', { service, from, to })
    }
    this.holdings.onReleased = ({ service, port }) => {
      this.notices.emit('released', { service, port })
    }
  }

  /** After {@link Allocations.close}. */
  get closed(): boolean {
    return this.#closed
  }

  /** See {@link Ports.allocate}, which says more precisely when the result may be missing. */
  async allocate(service: string, options?: ServiceOptions | number): Promise<never> {
    return this.inTurn(async () => {
      const book = this.book.with(service, options, this.holdings.services.has(service))
      await this.#open(book, (services) => companions(services, service))
      return this.holdings.services.get(service) as never
    })
  }

  /** See {@link Ports.allocateAll}. */
  async allocateAll(): Promise<Record<string, Reservation>> {
    return this.inTurn(async () => {
      await this.#open(this.book, (services) => services)
      return Object.fromEntries(this.holdings.services)
    })
  }

  /** See {@link Ports.fromEnvOr}. */
  async fromEnvOr(variable: string, fallback: number, service = 'main'): Promise<Reservation> {
    checkPort(fallback, 'fallback')
    const given = this.book.given(service)
    return this.allocate(service, { ...given, preferred: fallback, env: { port: variable } })
  }

  /** See {@link Ports.reserve}. */
  async reserve(
    options?: NamedOptions | ReserveOptions,
  ): Promise<Reservations | Reservation | ReservedPorts> {
    if (isNamed(options)) return this.#reserveNamed(options)
    const request = resolveReserveOptions(options)
    const { host = this.book.options.host } = request
    return this.inTurn(async () => {
      const world = this.world
      const steps = takePorts(
        { ...request, host },
        {
          ...allocationContext(identityIn(world, this.root), this.#checkout(this.root)),
          ephemeral: this.#ephemeral(),
          exclude: this.book.resolve().exclude,
          isMine: (port) => this.holdings.find(port) !== undefined,
        },
      )
      const taken = await this.notices.watch(() => runSteps(steps, world.place))
      this.#unlessClosed(() => {
        for (const reservation of taken) void reservation.release()
      })
      this.holdings.addLoose(taken, request.range)
      this.#watch()
      this.notices.allocated(taken)
      return options?.count === undefined ? (taken[0] as Reservation) : reservedPorts(taken)
    })
  }

  /** See {@link Ports.close}. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopWatching?.()
    const ended = this.holdings.close()
    // What is under way finds out that it is too late, and lets go.
    await Promise.all([this.#turn, ended])
    this.notices.clear()
  }

  async #reserveNamed(options: NamedOptions): Promise<Reservations> {
    return this.inTurn(async () => {
      // Without a root of its own it is the working directory of the moment.
      const root = options.root ?? (this.book.options.root && this.root)
      const { use, warnings, reservations } = await this.notices.watch(() =>
        reserveServices(
          { ...options, ...(root && { root }) },
          this.world,
          this.#ears(),
          (resolved) => takeExpected(resolved, this.world),
        ),
      )
      this.notices.warn(warnings)
      this.#unlessClosed(() => use.close())
      this.holdings.addUse(use)
      this.#watch()
      this.notices.allocated([...use.reservations.values()], use.missing)
      return reservations
    })
  }

  /** Reserves those of the book's services that are asked for and have no port, all or none. */
  async #open(
    book: ServiceBook,
    wanted: (services: readonly ResolvedService[]) => readonly ResolvedService[],
  ): Promise<void> {
    const resolved = book.resolve()
    const has = (name: string): boolean => this.holdings.services.has(name)
    const services = wanted(resolved.services).filter(({ name }) => !has(name))
    if (services.length > 0) {
      const { use, warnings } = await this.notices.watch(async () => {
        const wanted = { ...resolved, services, root: this.root }
        return openServices(await takeExpected(wanted, this.world), this.world)
      })
      this.notices.warn(warnings)
      this.#unlessClosed(() => use.close())
      this.holdings.addServices(use)
      this.#watch()
      const tried = new Set(services.map(({ name }) => name))
      this.missing = [...this.missing.filter((p) => !tried.has(p.service)), ...use.missing]
      this.notices.allocated([...use.reservations.values()], use.missing)
      const { startForProgram } = await import('../session/program-processes.ts')
      await startForProgram(use, services, this.world, this.#ears())
    }
    this.book = book
  }

  /** Listeners may come later, so what nobody listens to is decided line by line. */
  #ears(): ProcessEars {
    const { notices } = this
    return {
      hear: (line) => {
        notices.emit('output', line)
        return notices.has('output')
      },
      say: (text, level) => {
        if (level === 'warn') notices.tell(text)
      },
      changed: (change) => notices.emit('process', change),
    }
  }

  /** Runs `work` when no allocation of this instance is under way. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      this.#unlessClosed()
      await this.#readConfigFile()
      return work()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Once, before the first allocation: what the instance was given wins over the file. */
  async #readConfigFile(): Promise<void> {
    if (this.#hasRead) return
    const { options } = await loadOptions({
      root: this.root,
      given: this.book.options,
      mode: undefined,
    })
    this.book = new ServiceBook(options ?? {})
    this.#hasRead = true
  }

  /** Out of the way of the first allocation, and not before there is anything to look after. */
  #watch(): void {
    if (this.#stopWatching) return
    let stop: (() => void) | undefined
    let stopped = false
    this.#stopWatching = () => {
      stopped = true
      stop?.()
    }
    const failed = (error: PortsError): void => {
      this.#failure = error
      void this.close()
    }
    import('./port-watch.ts').then(
      ({ watchPorts }) => {
        if (!stopped) stop = watchPorts(this, failed)
      },
      (error: unknown) => this.notices.emit('error', { error }),
    )
  }

  #unlessClosed(undo?: () => void): void {
    if (!this.#closed) return
    undo?.()
    throw new PortsError(
      'PORTS_CLOSED',
      this.#failure
        ? `these ports were closed: ${this.#failure.message}`
        : 'these ports were closed before. Make new ones with createPorts().',
      { cause: this.#failure },
    )
  }
}

function isNamed(options: NamedOptions | ReserveOptions | undefined): options is NamedOptions {
  if (options === undefined) return false
  if ('services' in options) return true
  return ANONYMOUS_KEYS.every((key) => options[key] === undefined)
}
