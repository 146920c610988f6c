import { PortsError, type ServiceProblem } from '../errors.ts'
import type { LeasePlace } from '../lease/names.ts'
import { describeHolders } from '../reservation/holders.ts'
import type { Reservation, Utilisation } from '../types.ts'
import { Emitter } from './emitter.ts'
import { FullnessWatch } from './fullness.ts'
import type { PortsEvents } from './types.ts'

/** An allocation or a failure, as far as `'conflict'` tells of it. */
type Traced = Pick<ServiceProblem, 'service' | 'attempts'>

/** What an instance tells its listeners; what costs something is found out only when somebody listens. */
export class Notices extends Emitter<PortsEvents> {
  readonly #place: LeasePlace
  readonly #warn: (message: string) => void
  readonly #measure: () => Promise<unknown>
  readonly #fullness = new FullnessWatch()
  readonly #warned = new Set<string>()

  /**
   * @param warn Gets the warnings that nobody listens to.
   * @param measure Finds out how full pools and ranges are, and calls {@link Notices.measured}.
   */
  constructor(place: LeasePlace, warn: (message: string) => void, measure: () => Promise<unknown>) {
    super()
    this.#place = place
    this.#warn = warn
    this.#measure = measure
  }

  /** Runs an allocation and tells of its failure. */
  async watch<T>(allocate: () => Promise<T>): Promise<T> {
    try {
      return await allocate()
    } catch (error) {
      if (error instanceof PortsError) this.#failed(error.problems)
      throw error
    }
  }

  /** Tells of what was had and of what was not. */
  allocated(reservations: readonly Reservation[], missing: readonly ServiceProblem[] = []): void {
    for (const reservation of reservations) {
      const { service, port } = reservation
      this.emit('allocated', { service, port, reservation })
    }
    this.#later(this.#tellConflicts(reservations))
    this.#failed(missing)
    if (this.has('utilisation')) this.#later(this.#measure())
  }

  /** Tells of each message once. */
  warn(messages: readonly string[]): void {
    for (const message of messages) {
      if (this.#warned.has(message)) continue
      this.#warned.add(message)
      this.tell(message)
    }
  }

  /** Tells of what has happened now, also when it has happened before. */
  tell(message: string): void {
    if (this.has('warning')) this.emit('warning', { message })
    else this.#warn(message)
  }

  /** Tells of pools and ranges that have become full. */
  measured(utilisations: readonly Utilisation[]): void {
    for (const full of this.#fullness.newlyFull(utilisations)) this.emit('utilisation', full)
  }

  #failed(problems: readonly ServiceProblem[]): void {
    for (const problem of problems) this.emit('exhausted', problem)
    this.#later(this.#tellConflicts(problems))
  }

  async #tellConflicts(traces: readonly Traced[]): Promise<void> {
    if (!this.has('conflict')) return
    for (const { service, attempts } of traces) {
      const taken = attempts.filter((a) => a.rejected === 'in-use' || a.rejected === 'leased')
      await describeHolders(taken, this.#place)
      for (const { port, rejected, holder } of taken) {
        if (!rejected) continue
        this.emit('conflict', { service, port, reason: rejected, ...(holder && { holder }) })
      }
    }
  }

  #later(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.emit('error', { error }))
  }
}
