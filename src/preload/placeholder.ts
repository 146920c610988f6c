import type { Server } from 'node:net'
import type { HeldPort } from '../child/protocol.ts'
import type { RawSocket } from '../net/pass-socket.ts'

/**
 * Stands in for a server's socket while that is on its way, so that `listening`, `address()`,
 * `close()`, `unref()` and a second `listen()` answer as they do for a socket that is bound at once:
 * it is, in the process that holds it.
 */
export class Placeholder implements RawSocket {
  readonly fd = -1
  /** The server was closed before the socket came. */
  closed = false
  readonly #unref: () => void
  /** Absent for an address that is not sure yet; the server then has none. */
  readonly getsockname?: (into: Record<string, unknown>) => number

  /** @param unref Called when the server shall not keep the process alive. */
  constructor(held: HeldPort | undefined, unref: () => void) {
    this.#unref = unref
    if (held) {
      const { address, family, port } = held
      this.getsockname = (into) => {
        Object.assign(into, { address, family, port })
        return 0
      }
    }
  }

  close(callback?: () => void): void {
    this.closed = true
    if (callback) process.nextTick(callback)
  }

  ref(): void {}

  unref(): void {
    this.#unref()
  }

  /** Makes it the socket of `server`. */
  placeIn(server: Server): void {
    setRaw(server, this)
  }

  /** Takes it out of `server` again; `false` when the server was closed in the meantime. */
  takeFrom(server: Server): boolean {
    if (this.closed) return false
    setRaw(server, null)
    return true
  }
}

function setRaw(server: Server, raw: RawSocket | null): void {
  ;(server as unknown as { _handle: RawSocket | null })._handle = raw
}
