import type { RemoteInfo, Socket } from 'node:dgram'
import { machineAddresses } from './addresses.ts'
import { bindFailure, type BindFailure, type BindOutcome } from './bind.ts'
import type { Holder } from './holder.ts'
import { literalLookup, withoutStack } from './listen-sync.ts'

/** Messages kept for the real server; further ones are dropped, as a full receive buffer drops them. */
export const MAX_KEPT_MESSAGES = 128
/** Bytes of the messages that are kept. */
const MAX_KEPT_BYTES = 1_048_576

/**
 * A bound UDP socket that serves nobody yet. Messages that arrive are kept and given to whoever
 * takes the socket. Never keeps the process alive.
 */
export class DatagramHold implements Holder {
  #socket: Socket | undefined
  readonly #kept: [message: Buffer, from: RemoteInfo][] = []
  #keptBytes = 0

  /** See {@link Holder.bind}. */
  bind(port: number, address: string | undefined): BindOutcome {
    const socket = createSocket(address)
    let failure: BindFailure = 'in-use'
    const onError = (error: NodeJS.ErrnoException): void => {
      failure = bindFailure(error.code) ?? failure
    }
    socket.on('error', onError)
    if (!bindNow(socket, port, address)) {
      socket.close()
      return { ok: false, reason: Promise.resolve(failure) }
    }
    this.#socket = socket
    socket.on('message', this.#keep)
    socket.unref()
    return { ok: true }
  }

  /** See {@link Holder.intact}. */
  get intact(): boolean {
    try {
      return this.#socket !== undefined && this.#socket.address().port > 0
    } catch {
      // Closed, by whomever.
      return false
    }
  }

  /** See {@link Holder.waiting}. */
  get waiting(): number {
    return this.#kept.length
  }

  /**
   * The bound socket, which is the caller's from now on. What it received so far is emitted as soon
   * as somebody listens to `'message'`.
   */
  take(): Socket {
    const socket = this.#socket
    if (!socket) throw new Error('take() of a datagram socket that is not bound')
    this.#socket = undefined
    socket.removeAllListeners('error')
    socket.off('message', this.#keep)
    socket.ref()
    if (this.#kept.length > 0) this.#giveTo(socket)
    return socket
  }

  /** See {@link Holder.close}. */
  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  readonly #keep = (message: Buffer, from: RemoteInfo): void => {
    if (this.#kept.length >= MAX_KEPT_MESSAGES) return
    if (this.#keptBytes + message.length > MAX_KEPT_BYTES) return
    this.#keptBytes += message.length
    this.#kept.push([message, from])
  }

  #giveTo(socket: Socket): void {
    const onListener = (event: string | symbol): void => {
      if (event !== 'message') return
      socket.off('newListener', onListener)
      // The event comes before the listener is there.
      process.nextTick(() => {
        for (const [message, from] of this.#kept.splice(0)) socket.emit('message', message, from)
      })
    }
    socket.on('newListener', onListener)
  }
}

function createSocket(address: string | undefined): Socket {
  // Most projects have no UDP service, and loading the module costs a millisecond.
  const dgram = process.getBuiltinModule('node:dgram')
  const type = bindAddress(address).includes(':') ? 'udp6' : 'udp4'
  // The documented option; its types leave out that it may answer at once, as `dns.lookup` may not.
  return dgram.createSocket({ type, lookup: literalLookup as never })
}

/** With a lookup that answers at once, `bind` has bound or failed when it returns. */
function bindNow(socket: Socket, port: number, address: string | undefined): boolean {
  withoutStack(() => socket.bind({ port, address: bindAddress(address), exclusive: true }))
  try {
    return socket.address().port === port
  } catch {
    // A socket that could not even be made has no address.
    return false
  }
}

/** All interfaces: of both families, as for TCP, where there are two. */
function bindAddress(address: string | undefined): string {
  return address ?? (machineAddresses().ipv6 ? '::' : '0.0.0.0')
}
