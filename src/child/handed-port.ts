import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { LentPort } from '../net/lent-port.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import type { Answer, Ask, Report } from './protocol.ts'

/** What happens to a port of a program; all are optional. */
export interface HandoverEvents {
  /** A server of the program listens on it. `passed`: on the held socket, without a gap. */
  readonly onServing?: (service: string, pid: number, passed: boolean) => void
  /** That server has closed, or its process has ended. The port is held for the next one. */
  readonly onIdle?: (service: string) => void
  /** The program asked for it, and somebody else was there first. */
  readonly onLost?: (service: string) => void
}

/** A server that is being replaced has this long to close, in milliseconds. */
const SUCCESSION_MS = 500
const BOUND = JSON.stringify({ bound: true } satisfies Report)
/** Tries for a port whose server has just gone, and the time between them in milliseconds. */
const HOLD_TRIES = 50
const HOLD_PAUSE_MS = 20
/** How long a bind of the child's own may take, in milliseconds. */
const BIND_LIMIT_MS = 10_000

/** One port of a program that is handed to whichever of its servers asks. */
export class HandedPort {
  readonly reservation: PortReservation
  readonly #lent: LentPort
  readonly #events: HandoverEvents
  /** The connection of the process whose server has the port. */
  #user: Socket | undefined
  #turn: Promise<unknown> = Promise.resolve()
  /** Who has been told to bind, and was not heard of since. */
  readonly #binding = new Map<Socket, (report: Report) => void>()

  constructor(reservation: PortReservation, lent: LentPort, events: HandoverEvents) {
    this.reservation = reservation
    this.#lent = lent
    this.#events = events
  }

  get port(): number {
    return this.#lent.port
  }

  /** Its socket can be passed on, now or when it is held again. */
  get passes(): boolean {
    return this.#lent.passes
  }

  /** Descriptor of the held socket, for `stdio`; `undefined` where it can't be passed on. */
  get socket(): LentPort['socket'] {
    return this.#lent.socket
  }

  /** Where it is bound; what was asked for, while it is let go. */
  get address(): { address: string; family: string } {
    const { bound } = this.#lent
    const address = bound.address ?? '::'
    return this.#lent.address ?? { address, family: address.includes(':') ? 'IPv6' : 'IPv4' }
  }

  /** Lets the port go for a server that binds by itself and can't ask. The lease stays. */
  letGo(): Promise<void> {
    return this.#lent.letGo()
  }

  /** See {@link LentPort.holdAt}, where it was. */
  holdAgain(): Promise<boolean> {
    return this.#lent.holdAt()
  }

  /** Lets the present server stay when the holder goes. */
  dismiss(): void {
    if (this.#user) say(this.#user, { do: 'stay' })
  }

  /** A server that didn't ask listens now. */
  serves(pid: number): void {
    if (this.#user) return
    this.reservation.serveElsewhere()
    this.#lent.relay()
    this.#events.onServing?.(this.reservation.service, pid, false)
  }

  /** A process of the program asks, or reports what became of its bind. */
  visit(socket: Socket, ask: Ask): void {
    const work = this.#turn.then(() => this.#answer(socket, ask))
    this.#turn = work.catch(() => socket.destroy())
  }

  /** A line after the first one says what became of a bind. */
  report(socket: Socket, line: string): void {
    this.#binding.get(socket)?.({ bound: line === BOUND })
  }

  async #answer(socket: Socket, ask: Ask): Promise<void> {
    if (this.#user) await closed(this.#user, SUCCESSION_MS)
    if (socket.destroyed) return
    if (this.#user) {
      // Another server of the program has it: binding says so, as it would without us.
      say(socket, { do: 'bind' })
      return
    }
    if (!ask.own && (await this.#pass(socket, ask))) return
    await this.#letBind(socket, ask)
  }

  async #pass(socket: Socket, ask: Ask): Promise<boolean> {
    const lent = this.#lent
    if (!lent.held || !lent.isAt(ask.address)) {
      const before = lent.bound.address ?? null
      if (!(await lent.holdAt(lent.isAt(ask.address) ? undefined : ask.address))) {
        await lent.holdAt(before)
        return false
      }
    }
    if (!lent.socket?.send(socket, `${JSON.stringify({ do: 'adopt' } satisfies Answer)}\n`)) {
      return false
    }
    this.#take(socket, ask.pid, true)
    return true
  }

  async #letBind(socket: Socket, ask: Ask): Promise<void> {
    await this.#lent.letGo()
    say(socket, { do: 'bind' })
    const report = await this.#reported(socket)
    if (report?.bound && !socket.destroyed) return this.#take(socket, ask.pid, false)
    if (report?.bound === false) this.#events.onLost?.(this.reservation.service)
    await this.#lent.holdAt()
  }

  #take(socket: Socket, pid: number, passed: boolean): void {
    const { reservation } = this
    this.#user = socket
    reservation.serveElsewhere()
    this.#lent.relay()
    this.#events.onServing?.(reservation.service, pid, passed)
    socket.once('close', () => {
      if (this.#user !== socket) return
      this.#user = undefined
      reservation.serveElsewhere(false)
      this.#events.onIdle?.(reservation.service)
      this.#turn = this.#turn.then(() => this.#holdWhenFree())
    })
  }

  /** Of a process that is ending, the kernel may close the connection before the listening socket. */
  async #holdWhenFree(): Promise<void> {
    for (let tries = 0; tries < HOLD_TRIES; tries++) {
      if (this.reservation.released || this.#user || (await this.#lent.holdAt())) return
      await delay(HOLD_PAUSE_MS, undefined, { ref: false })
    }
  }

  #reported(socket: Socket): Promise<Report | undefined> {
    return new Promise((resolve) => {
      const finish = (report?: Report): void => {
        clearTimeout(timer)
        this.#binding.delete(socket)
        resolve(report)
      }
      const timer = setTimeout(finish, BIND_LIMIT_MS)
      timer.unref()
      this.#binding.set(socket, finish)
      socket.once('close', () => finish())
    })
  }
}

function say(socket: Socket, answer: Answer): void {
  socket.write(`${JSON.stringify(answer)}\n`)
}

/** Waits until `socket` has closed, at most `limitMs` milliseconds. */
function closed(socket: Socket, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs)
    timer.unref()
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
