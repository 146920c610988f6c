import type { PortReservation } from '../../reservation/reservation.ts'
import type { Move, ProcessSource, Session, SessionUse } from '../../reservation/session.ts'
import type { ServiceProcess } from '../../types.ts'
import type { ProcessChange, ProcessContext, ProcessLine } from './context.ts'
import { isSameDefinition, type ProcessDefinition } from './definition.ts'
import { registry } from '../../reservation/registry.ts'
import { endOnSignals, type SignalledProcess } from './end-on-signals.ts'
import { inReverse } from './order.ts'
import { type Awaited, becomesReady } from './readiness.ts'
import { SupervisedProcess } from './supervised.ts'

/** What one server or program of a session says of its services. */
export interface ProcessUser {
  readonly definitions: readonly ProcessDefinition[]
  /** Every service, those without a command too: others may depend on it. */
  readonly services: readonly Pick<Awaited, 'name' | 'health' | 'healthGiven'>[]
  variables(): Record<string, string>
  stranger(service: string): Promise<string | undefined>
  write(line: ProcessLine): void
  say(text: string, level: 'info' | 'warn'): void
  changed?(change: ProcessChange): void
}

/** Where processes are started. */
export interface SupervisorFacts {
  readonly session: Session
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly colors: boolean
  readonly process: SignalledProcess
}

/**
 * Runs the commands of one session's services. A process lives as long as the reservation of its
 * port, so that it outlives a restart of the bundler, or until nobody wants it any more.
 */
export class Supervisor implements ProcessSource {
  readonly #facts: SupervisorFacts
  readonly #users = new Map<SessionUse, ProcessUser>()
  readonly #processes = new Map<string, SupervisedProcess>()
  /** Reservations whose end is the process's end. */
  readonly #tied = new Map<string, PortReservation>()
  #leaving = new Set<SupervisedProcess>()
  #endings: Promise<unknown> = Promise.resolve()
  readonly #signals: Disposable

  constructor(facts: SupervisorFacts) {
    this.#facts = facts
    this.#signals = endOnSignals(
      facts.process,
      () => this.endAll(),
      () => registry().yieldsOnInterrupt === true,
    )
    facts.session.onMove.add(this.#restartDependents)
  }

  /**
   * Goes on with what `user` says for `use`: what is new is started, what has changed is started
   * again, and what nobody wants any more is ended; everything else is left alone.
   */
  update(use: SessionUse, user: ProcessUser): void {
    for (const other of this.#users.keys()) {
      if (!this.#facts.session.uses.has(other)) this.#users.delete(other)
    }
    this.#users.set(use, user)
    const wanted = new Map<string, ProcessDefinition>()
    for (const { definitions } of this.#users.values()) {
      for (const definition of definitions) wanted.set(definition.service, definition)
    }
    for (const [service, process] of this.#processes) {
      if (!wanted.has(service)) this.#drop(process, true)
    }
    const before = new Set(this.#processes.values())
    const moved = [...wanted.values()].filter((definition) => this.#ensure(definition))
    for (const process of this.#processes.values()) {
      const isStale = moved.some(({ service }) => process.waitsFor.includes(service))
      if (isStale && before.has(process)) void process.restart()
    }
  }

  all(): ServiceProcess[] {
    return Array.from(this.#processes.values(), ({ status }) => status)
  }

  async restart(service: string): Promise<boolean> {
    const process = this.#processes.get(service)
    await process?.restart()
    return process !== undefined
  }

  async stop(service: string): Promise<boolean> {
    const process = this.#processes.get(service)
    await process?.stop()
    return process !== undefined
  }

  async pause(service: string): Promise<(() => void) | undefined> {
    return this.#processes.get(service)?.pause()
  }

  async settled(): Promise<void> {
    // Those that leave in this very turn are told of in the next.
    await Promise.resolve()
    await this.#endings
  }

  /** Ends every process, those that others depend on last. */
  async endAll(): Promise<void> {
    for (const process of this.#processes.values()) this.#leaving.add(process)
    await this.#endLeaving()
  }

  /** Returns whether it ran on another port before. */
  #ensure(definition: ProcessDefinition): boolean {
    const { service } = definition
    const { session } = this.#facts
    const reservation = this.#reservation(service)
    const present = this.#processes.get(service)
    const same = present && isSameDefinition(present.definition, definition)
    const moved = present !== undefined && this.#tied.get(service) !== reservation
    if (same && !moved) return false
    if (present) this.#drop(present, false)
    const process = new SupervisedProcess(definition, this.#context(service))
    this.#processes.set(service, process)
    if (reservation) {
      this.#tied.set(service, reservation)
      reservation.onEnd.add(() => {
        if (this.#processes.get(service) === process) this.#drop(process, false)
      })
    }
    // The one before it may still be about to end.
    if (present) void this.settled().then(() => session.uses.size > 0 && process.start())
    else process.start()
    return moved
  }

  /** @param letGo Somebody else may start its server from now on. */
  #drop(process: SupervisedProcess, letGo: boolean): void {
    const { service } = process
    const reservation = this.#tied.get(service)
    this.#processes.delete(service)
    this.#tied.delete(service)
    if (this.#leaving.size === 0) queueMicrotask(() => void this.#endLeaving())
    this.#leaving.add(process)
    if (letGo) void this.settled().then(() => reservation?.released || reservation?.letGo())
  }

  #endLeaving(): Promise<void> {
    const leaving = [...this.#leaving]
    this.#leaving = new Set()
    const work = inReverse(leaving, (process) => process.end())
    this.#endings = Promise.all([this.#endings, work]).then(() => this.#closeIfUnused())
    return work
  }

  #closeIfUnused(): void {
    const { session } = this.#facts
    if (this.#processes.size > 0 || session.uses.size > 0) return
    session.onMove.delete(this.#restartDependents)
    this.#signals[Symbol.dispose]()
    if (session.processes === this) session.processes = undefined
  }

  /** What they were told of the service's port is out of date. */
  readonly #restartDependents = ({ service }: Move): void => {
    for (const process of this.#processes.values()) {
      if (process.waitsFor.includes(service)) void process.restart()
    }
  }

  #reservation(service: string): PortReservation | undefined {
    // While an edit is being followed there is the old one as well.
    return [...this.#facts.session.reservations].findLast((one) => one.service === service)
  }

  #user(service: string): ProcessUser | undefined {
    return [...this.#users.values()].findLast(({ services }) =>
      services.some(({ name }) => name === service),
    )
  }

  #context(service: string): ProcessContext {
    const { session, platform, env, colors } = this.#facts
    return {
      session,
      platform,
      env,
      colors,
      reservation: (name) => this.#reservation(name),
      variables: () =>
        Object.assign({}, ...Array.from(this.#users.values(), (user) => user.variables())),
      write: (line) => this.#user(service)?.write(line),
      say: (text, level) => this.#user(service)?.say(text, level),
      changed: (change) => {
        for (const user of this.#users.values()) user.changed?.(change)
      },
      ready: (name, signal) => becomesReady(this.#awaited(name), env, signal),
    }
  }

  #awaited(name: string): Awaited {
    const found = this.#user(name)?.services.find((one) => one.name === name)
    return {
      name,
      health: found?.health,
      healthGiven: found?.healthGiven ?? false,
      reservation: () => this.#reservation(name),
      processState: () => this.#processes.get(name)?.status.state,
      stranger: async () => this.#user(name)?.stranger(name),
    }
  }
}
