import type { Socket as DatagramSocket } from 'node:dgram'
import type { EventEmitter } from 'node:events'
import type { Server } from 'node:net'
import type { BindAddress } from '../net/addresses.ts'
import { createHolder } from '../net/create-holder.ts'
import { DatagramHold } from '../net/datagram-hold.ts'
import { type Endpoint, endpointOf, endpointText } from '../net/endpoint.ts'
import { Hold } from '../net/hold.ts'
import type { LentPort } from '../net/lent-port.ts'
import type { Holder } from '../net/holder.ts'
import type { Debug } from '../utils/debug.ts'
import type { Allocation, PortAttempt, PortSource, Protocol, Reservation } from '../types.ts'
import type { Found, ReservationFacts } from './found.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { heldOtherwise, notHeld, stillServing } from './refusals.ts'
import { urlOf } from './url.ts'

/** One reserved port of one session. Users are counted: the last one to leave releases it. */
export class PortReservation implements Reservation {
  readonly service: string
  /** Whoever needs the port: bundler servers, programs. */
  readonly users = new Set<object>()
  /** A further server is expected after the present one, so its socket is taken back at close. */
  keepAtClose = false
  /** Told once, when nothing of it is left. */
  onEnd: (() => void) | undefined
  #found: Found
  #lease: LeaseKeeper
  readonly #debug: Debug | undefined
  #hold: Holder | undefined
  #lent: LentPort | undefined
  #server: EventEmitter | undefined
  #heir: Server | undefined
  /** Its socket is gone, and somebody else has the port. */
  #lost = false
  #released = false
  #servedElsewhere = false
  /** The bound address changed while a server was on the old one. */
  #moved = false
  #bound: BindAddress
  #facts: ReservationFacts

  constructor(found: Found, facts: ReservationFacts, debug?: Debug) {
    this.service = found.service
    this.#found = found
    this.#bound = found.bound
    this.#facts = facts
    this.#debug = debug
    this.#servedElsewhere = found.lent ?? false
    this.#hold = found.hold
    this.#lease = new LeaseKeeper(found)
  }

  /** See {@link Allocation.port}. Changes when the service is moved. */
  get port(): number {
    return this.#found.port
  }

  /** See {@link Allocation.protocol}. */
  get protocol(): Protocol {
    return this.#found.protocol ?? 'tcp'
  }

  /** See {@link Allocation.path}. */
  get path(): string | undefined {
    return this.#found.path
  }

  /** What is reserved, as one value. */
  get endpoint(): Endpoint {
    return endpointOf(this.#found)
  }

  /** See {@link Allocation.source}. */
  get source(): PortSource {
    return this.#found.source
  }

  /** See {@link Allocation.attempts}. */
  get attempts(): readonly PortAttempt[] {
    return this.#found.attempts
  }

  /** Where its server binds. */
  get bound(): BindAddress {
    return this.#lent?.bound ?? this.#bound
  }

  /** How it is spoken to, as its newest user sees it. */
  get facts(): ReservationFacts {
    return this.#facts
  }

  /** See {@link Allocation.host}. */
  get host(): string | undefined {
    return this.bound.host
  }

  /** See {@link Allocation.url}. */
  get url(): string {
    return urlOf(this)
  }

  /** See {@link Allocation.state}. */
  get state(): Allocation['state'] {
    if (this.#server || this.#servedElsewhere) return 'serving'
    if (this.#hold || this.#lent?.held) return 'held'
    return this.#found.running ? 'running' : 'leased'
  }

  /** See {@link Allocation.description}. */
  get description(): string | undefined {
    return this.facts.description
  }

  /** See {@link Allocation.metadata}. */
  get metadata(): Record<string, unknown> | undefined {
    return this.facts.metadata
  }

  /** The process that started this one holds it for a server of this one. */
  get isLent(): boolean {
    return this.#found.lent ?? false
  }

  /** Nothing of it is left. */
  get released(): boolean {
    return this.#released
  }

  /** See {@link Reservation.adoptInto}. */
  adoptInto(server: Server): void {
    const hold = this.#handOver(Hold, 'Take its socket with takeDatagramSocket().')
    this.#serve(server)
    hold.adoptInto(server)
  }

  /** See {@link Reservation.takeDatagramSocket}. */
  takeDatagramSocket(): DatagramSocket {
    const socket = this.#handOver(DatagramHold, 'Hand it to a server with adoptInto().').take()
    this.#serve(socket)
    return socket
  }

  /**
   * `server` follows the present one: it adopts the socket now when it is held, else as soon as the
   * present server has closed.
   */
  adoptWhenFree(server: Server): void {
    if (this.#hold) this.adoptInto(server)
    else this.#heir = server
  }

  /**
   * Takes the socket back from the server that adopted it, just before that closes, because
   * somebody else still needs the port.
   */
  reclaimFrom(server: Server): void {
    if (this.#server !== server || this.#released) return
    this.#server = undefined
    const hold = Hold.takeFrom(server, { speaksHttp: this.#speaksHttp, path: this.path })
    this.#hold = hold && this.#rebind(hold)
    this.#debug?.(`${this.service}: ${endpointText(this.#found)} taken back for the next server`)
    const heir = this.#heir
    this.#heir = undefined
    if (heir && this.#hold) this.adoptInto(heir)
  }

  /** A new server of the same session goes on with this port, perhaps on another address. */
  continueAs(bound: BindAddress, facts: ReservationFacts): this {
    this.#moved ||= bound.address !== this.#bound.address
    this.#bound = bound
    this.#facts = facts
    if (this.#hold && this.#moved) this.#hold = this.#rebind(this.#hold)
    return this
  }

  /**
   * Sees to it that the port is still kept: a held socket or a lease that was closed behind our back
   * is had again, if nobody was faster.
   *
   * @returns `'lost'` while somebody else has the port.
   */
  check(): 'kept' | 'restored' | 'lost' {
    if (this.#released) return 'kept'
    const renewed = this.#lease.renew()
    if (this.#hold?.intact === false) {
      this.#hold = undefined
      this.#lost = true
    }
    if (!this.#lost) return renewed ? 'restored' : 'kept'
    const { protocol, path } = this
    const next = createHolder({ protocol, path, speaksHttp: this.#speaksHttp })
    if (!next.bind(this.port, this.#bound.address).ok) return 'lost'
    this.#hold = next
    this.#lost = false
    this.#debug?.(`${this.service}: ${endpointText(this.#found)} was lost and is held again`)
    return 'restored'
  }

  /** Gives the held socket up without the lease, for a server that must bind by itself. */
  letGo(): void {
    this.#lost = false
    this.#hold?.close()
    this.#hold = undefined
    this.#lent?.close()
  }

  /**
   * Takes the held socket for servers of other processes; nobody accepts on it until one of them
   * does. It is closed with the reservation. `pass: false` lets the port go for each server, as
   * has to be done where sockets can't be passed on.
   *
   * @throws PortsError `PORTS_NOT_HELD` when no socket is held (any more).
   */
  async lend(platform: NodeJS.Platform, pass = true): Promise<LentPort> {
    if (this.#lent) return this.#lent
    const hold = this.#handOver(Hold, 'Take its socket with takeDatagramSocket().')
    const { port, bound, facts } = this
    const { LentPort } = await import('../net/lent-port.ts')
    const lent = await LentPort.of(hold, { port, bound, secure: facts.secure, platform, pass })
    this.#lent = lent
    if (this.#released) lent.close()
    return lent
  }

  /** Whether a server of another process listens there now, on the lent socket or its own. */
  serveElsewhere(serves = true): void {
    this.#servedElsewhere = serves
  }

  /**
   * Goes on with another port. Whoever has this reservation sees the new one from now on.
   *
   * @returns Gives the old port up, which is left to the caller so that nothing points to it any more.
   * @throws PortsError `PORTS_SERVING` while a server of this process listens on the old port.
   */
  moveTo(found: Found): () => void {
    if (this.state === 'serving') throw stillServing(this)
    const [hold, lease, lent] = [this.#hold, this.#lease, this.#lent]
    this.#lent = undefined
    this.#debug?.(`${this.service}: moved from ${this.port} to ${found.port}`)
    this.#found = found
    this.#bound = found.bound
    this.#moved = false
    this.#lost = false
    this.#hold = found.hold
    this.#lease = new LeaseKeeper(found)
    return () => {
      hold?.close()
      lent?.close()
      lease.end()
    }
  }

  /** One user less; the last one releases. */
  leave(user: object): void {
    this.users.delete(user)
    if (this.users.size === 0) this.#end()
  }

  /** See {@link Reservation.release}. */
  async release(): Promise<void> {
    this.users.clear()
    this.#end()
  }

  [Symbol.dispose](): void {
    void this.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  /** The hold on the address that counts now. The lease keeps others off while the socket changes. */
  #rebind(hold: Holder): Holder | undefined {
    if (!this.#moved) return hold
    this.#moved = false
    hold.close()
    const { protocol, path } = this
    const next = createHolder({ protocol, path, speaksHttp: this.#speaksHttp })
    return next.bind(this.port, this.#bound.address).ok ? next : undefined
  }

  /** The hold, which from now on is the server's. */
  #handOver<T extends Holder>(kind: new () => T, otherWay: string): T {
    const hold = this.#hold
    if (!hold) {
      const lent = this.#lent ? ': it is lent' : ''
      throw notHeld(this, this.#server ? ': another server has adopted it' : lent)
    }
    if (!(hold instanceof kind)) throw heldOtherwise(this, otherWay)
    this.#hold = undefined
    this.#debug?.(
      `${this.service}: ${endpointText(this.#found)} handed over, ${hold.waiting} waiting`,
    )
    return hold
  }

  /** In clear text. */
  get #speaksHttp(): boolean {
    return !this.facts.secure && this.facts.scheme === 'http'
  }

  #serve(server: EventEmitter): void {
    this.#server = server
    server.once('close', () => {
      if (this.#server === server) this.#server = undefined
    })
  }

  #end(): void {
    if (this.#released) return
    this.#released = true
    this.letGo()
    this.#lease.end()
    this.#debug?.(`${this.service}: ${endpointText(this.#found)} released`)
    this.onEnd?.()
  }
}
