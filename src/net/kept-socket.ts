import type { Server, Socket } from 'node:net'
import { duplicate } from './duplicate-socket.ts'
import { type RawSocket, rawOf, sendSocket } from './pass-socket.ts'
import { plainListen } from './plain-listen.ts'

/** A socket's own idea of where it is bound. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
  readonly family: string
}

/**
 * A listening socket on which this process does not accept. Nobody else can bind its port, and
 * whoever connects waits in the kernel until a process that got a copy accepts. Copies share one
 * queue, so a server that is restarted loses nobody who had not been accepted.
 */
export class KeptSocket {
  readonly #raw: RawSocket
  #closed = false

  private constructor(raw: RawSocket) {
    this.#raw = raw
  }

  /**
   * Copies the socket of `server`, which goes on accepting until it is closed.
   *
   * @returns `undefined` where sockets can't be copied; see {@link duplicate}.
   */
  static async copyOf(server: Server, platform: NodeJS.Platform): Promise<KeptSocket | undefined> {
    const raw = rawOf(server)
    const copy = raw && (await duplicate(raw, platform))
    return copy ? new KeptSocket(copy) : undefined
  }

  /** Number of the descriptor, for `stdio` of `spawn`; `-1` when closed. */
  get fd(): number {
    return this.#closed ? -1 : this.#raw.fd
  }

  /** Where it is bound. */
  get address(): SocketAddress | undefined {
    const into: Record<string, unknown> = {}
    if (this.#closed || this.#raw.getsockname?.(into) !== 0) return undefined
    return into as unknown as SocketAddress
  }

  /** Writes `text` with a copy of the socket; `over` is a connection made for that. */
  send(over: Socket, text: string): boolean {
    return !this.#closed && sendSocket(over, text, this.#raw)
  }

  /** Sets whether a reader without `O_NONBLOCK` handling may wait in `accept`; all copies share it. */
  setBlocking(blocking: boolean): void {
    this.#raw.setBlocking?.(blocking)
  }

  /**
   * Gives the socket to `server`, which accepts on it from now on and closes it; this object is
   * closed. Whoever waited in the kernel is accepted first.
   */
  giveTo(server: Server): void {
    if (this.#closed) return
    this.#closed = true
    // A copy may have been passed to a reader that waits in `accept`; this process must not.
    this.#raw.setBlocking?.(false)
    plainListen().call(server, { handle: this.#raw })
  }

  /** Copies elsewhere stay open. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#raw.close()
  }
}
