import { resolve } from 'node:path'
import type { ServiceProblem } from '../errors.ts'
import { leasedPorts } from '../lease/list.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { publishedVariables } from '../session/reserve.ts'
import type { SessionWorld } from '../session/world.ts'
import type { Options, Reservation, ServiceOptions, ServiceProcess, Utilisation } from '../types.ts'
import { Allocations } from './allocations.ts'
import { checkPort, checkRange, checkWaitOptions } from './arguments.ts'
import type { Listener } from './emitter.ts'
import type { Ports } from './interface.ts'
import { processesOf, restartProcess } from './processes.ts'
import { waitTarget } from './lookup.ts'
import { Notices } from './notices.ts'
import type { Explanation, PortsEvents, PortStatus, WaitOptions } from './types.ts'

/** See {@link Ports}. */
export class ProgramPorts implements Ports {
  readonly #core: Allocations
  readonly #notices: Notices
  // The interface says which form of the call gives what.
  readonly reserve: Ports['reserve']

  /**
   * @param warn Gets the warnings that nobody listens to.
   * @throws PortsOptionError for options that can't be understood.
   */
  constructor(options: Options, world: SessionWorld, warn: (message: string) => void) {
    this.#notices = new Notices(world.place, warn, () => this.utilisation())
    const core = new Allocations(options, world, this.#notices)
    this.#core = core
    this.reserve = (options?: object) => core.reserve(options) as Promise<never>
  }

  /** After {@link ProgramPorts.close}. */
  get closed(): boolean {
    return this.#core.closed
  }

  get missing(): readonly ServiceProblem[] {
    return this.#core.missing
  }

  allocate(service: string, options?: ServiceOptions | number): Promise<never> {
    return this.#core.allocate(service, options)
  }

  allocateAll(): Promise<Record<string, Reservation>> {
    return this.#core.allocateAll()
  }

  fromEnvOr(variable: string, fallback: number, service?: string): Promise<Reservation> {
    return this.#core.fromEnvOr(variable, fallback, service)
  }

  get(service: string): Reservation | undefined {
    return this.#core.holdings.services.get(service)
  }

  ports(): Record<string, number> {
    return Object.fromEntries(
      Array.from(this.#core.holdings.services, ([name, { port }]): [string, number] => [
        name,
        port,
      ]),
    )
  }

  env(): Record<string, string> {
    return publishedVariables(this.#core.book.resolve().services, this.#core.holdings.services)
  }

  processes(): ServiceProcess[] {
    return processesOf(this.#core.root)
  }

  restart(service: string): Promise<void> {
    return restartProcess(service, this.#core.root)
  }

  reservations(): Reservation[] {
    return this.#core.holdings.all()
  }

  isReserved(port: number): boolean {
    checkPort(port)
    return (
      this.#core.holdings.find(port) !== undefined || leasedPorts(this.#core.world.place).has(port)
    )
  }

  async release(what: number | string | Iterable<number | string>): Promise<number[]> {
    const all = typeof what === 'object' ? [...what] : [what]
    const found = new Set(all.flatMap((one) => this.#core.holdings.find(one) ?? []))
    await this.#core.holdings.release(found)
    return [...found].map(({ port }) => port)
  }

  async status(): Promise<PortStatus[]> {
    const { statusOf } = await import('./status.ts')
    const since = (reservation: PortReservation): string => this.#core.holdings.since(reservation)
    return statusOf(this.#core.holdings.all(), since, this.#core.world)
  }

  async waitFor(target: number | string, options: WaitOptions = {}): Promise<void> {
    if (typeof target === 'number') checkPort(target)
    checkWaitOptions(options)
    const { waitFor } = await import('./wait-for.ts')
    const { place } = this.#core.world
    const context = { root: this.#core.root, place, holdings: this.#core.holdings }
    return waitFor(waitTarget(target, options.host, context), options)
  }

  async isAvailable(port: number, host?: string | boolean): Promise<boolean> {
    checkPort(port)
    const { isAvailable } = await import('./available.ts')
    return isAvailable(port, host, this.#core.world.place)
  }

  async findAvailable(
    from: number,
    to: number,
    host?: string | boolean,
  ): Promise<number | undefined> {
    checkRange(from, to)
    const { findAvailable } = await import('./available.ts')
    return findAvailable(from, to, host, this.#core.world.place)
  }

  async explain(service: string): Promise<Explanation> {
    const { explainService } = await import('./explain.ts')
    return explainService(service, {
      root: this.#core.root,
      place: this.#core.world.place,
      own: this.#core.holdings.services,
      missing: this.#core.missing,
    })
  }

  async utilisation(): Promise<Utilisation[]> {
    const { areasOf, measure } = await import('../reservation/utilisation.ts')
    const { pools, services } = this.#core.book.resolve()
    const used = services.filter(({ name }) => this.#core.holdings.services.has(name))
    const measured = await measure(
      areasOf(pools, used, this.#core.holdings.ranges()),
      this.#core.world.place,
    )
    this.#notices.measured(measured)
    return measured
  }

  async save(file?: string): Promise<string> {
    const { SAVED_FILE, writeSaved } = await import('./saved.ts')
    const path = resolve(this.#core.root, file ?? SAVED_FILE)
    writeSaved(path, this.#core.book.remembering(this.#core.holdings.services))
    return path
  }

  async load(file?: string): Promise<boolean> {
    const { SAVED_FILE, readSaved } = await import('./saved.ts')
    const options = readSaved(resolve(this.#core.root, file ?? SAVED_FILE))
    if (!options) return false
    return this.#core.inTurn(async () => {
      this.#core.book = this.#core.book.merged(options)
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

  close(): Promise<void> {
    return this.#core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
