import { connect, type Socket } from 'node:net'
import type { BindAddress } from './addresses.ts'
import { Hold } from './hold.ts'
import type { KeptSocket, SocketAddress } from './kept-socket.ts'
import { isLoopback } from './network-addresses.ts'

/** What a {@link LentPort} is made from. */
export interface LentPortFacts {
  readonly port: number
  readonly bound: BindAddress
  /** Clear-text HTTP is not spoken there. */
  readonly secure: boolean
  readonly platform: NodeJS.Platform
  /** Sockets may be passed on where that is possible; else the port is let go for each server. */
  readonly pass: boolean
}

/**
 * A held port on its way to servers of other processes: bound, and nobody accepts until one of them
 * does. Where sockets can't be passed on, it is let go at the moment they bind, and held again later.
 */
export class LentPort {
  readonly #facts: LentPortFacts
  #bound: BindAddress
  #kept: KeptSocket | undefined
  #hold: Hold | undefined
  #passes = false
  /** Accepted here before a server was; they are given on over a connection of our own. */
  #waiting: Socket[] = []

  private constructor(facts: LentPortFacts) {
    this.#facts = facts
    this.#bound = facts.bound
  }

  /** Takes over `hold`. The caller closes what is returned. */
  static async of(hold: Hold, facts: LentPortFacts): Promise<LentPort> {
    const lent = new LentPort(facts)
    await lent.#keep(hold)
    return lent
  }

  /** The port's number. */
  get port(): number {
    return this.#facts.port
  }

  /** Where its server binds, as far as is known. */
  get bound(): BindAddress {
    return this.#bound
  }

  /** It is bound by this process. */
  get held(): boolean {
    return this.#kept !== undefined || this.#hold?.active === true
  }

  /** Sockets can be passed on here, this one too whenever it is held. */
  get passes(): boolean {
    return this.#passes
  }

  /** The socket that can be passed on; absent while let go and where that can't be. */
  get socket(): KeptSocket | undefined {
    return this.#kept
  }

  /** Where its socket is bound, as the kernel says it. */
  get address(): SocketAddress | undefined {
    return this.#kept?.address ?? this.#hold?.address
  }

  /** Binding `address` (`null`: all interfaces) would give the socket that is held. */
  isAt(address: string | null): boolean {
    const { bound } = this
    if (address === null) return bound.address === undefined || bound.address === '::'
    return address === (bound.address ?? this.address?.address)
  }

  /** Unbinds it; whoever waits goes on waiting, also those whom nobody has accepted yet. */
  async letGo(): Promise<void> {
    await this.#accept()
    this.#unbind()
  }

  #unbind(): void {
    this.#kept?.close()
    this.#kept = undefined
    if (this.#hold) this.#waiting.push(...this.#hold.stop())
    this.#hold = undefined
  }

  /** Closing a listening socket resets the connections that nobody has accepted from it. */
  async #accept(): Promise<void> {
    if (this.#kept) {
      this.#hold = Hold.resume(this.#kept, { speaksHttp: !this.#facts.secure })
      this.#kept = undefined
    }
    await this.#hold?.settled()
  }

  /**
   * Holds the port on `address` (`null`: all interfaces; default: where it was). Between the two
   * sockets lie microseconds, and whoever waited on the old one waits for the new one's server.
   *
   * @returns `false` when somebody else has that one; then nothing is held.
   */
  async holdAt(address: string | null | undefined = undefined): Promise<boolean> {
    const bound =
      address === undefined
        ? this.#bound
        : { host: address ?? undefined, address: address ?? undefined }
    if (this.held && bound === this.#bound) return true
    const hold = new Hold({ speaksHttp: !this.#facts.secure })
    await this.letGo()
    if (!hold.bind(this.port, bound.address).ok) return false
    this.#bound = bound
    await this.#keep(hold)
    return this.held
  }

  /** A server listens now: whoever waits gets to it. */
  relay(): void {
    for (const socket of this.#waiting.splice(0)) {
      if (socket.destroyed) continue
      const host = this.#serverFor(socket.localAddress ?? '127.0.0.1')
      const server = connect({ host, port: this.port, allowHalfOpen: true, noDelay: true })
      for (const [from, to] of [[socket, server] as const, [server, socket] as const]) {
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroySoon())
      }
      socket.pipe(server).pipe(socket)
    }
  }

  /** Gives it up; whoever waits is turned away. Idempotent. */
  close(): void {
    this.#unbind()
    for (const socket of this.#waiting.splice(0)) socket.destroy()
  }

  /**
   * Where the server is for a client of `local`. One that came in on a loopback address may have
   * meant `localhost`; a server on loopback alone is not opened to anybody else.
   */
  #serverFor(local: string): string {
    const { address } = this.#bound
    return address !== undefined && isLoopback(address) && isLoopback(local) ? address : local
  }

  async #keep(hold: Hold): Promise<void> {
    this.#hold = hold
    if (!this.#facts.pass) return
    const made = await hold.keep(this.#facts.platform)
    if (!made) return
    // Let go while the copy was made.
    if (this.#hold !== hold) return made.kept.close()
    this.#hold = undefined
    this.#passes = true
    this.#kept = made.kept
    this.#waiting.push(...made.waiting)
  }
}
