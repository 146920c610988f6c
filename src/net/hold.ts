import { type AddressInfo, createServer, Server, type Socket } from 'node:net'
import { bind, bindPath, type BindOutcome } from './bind.ts'
import type { Holder } from './holder.ts'
import type { KeptSocket } from './kept-socket.ts'
import { plainListen } from './plain-listen.ts'
import { listensStill } from './still-open.ts'
import { removeAtExit } from './remove-at-exit.ts'

/** Connections kept waiting for the real server; further ones are turned away. */
export const MAX_WAITING = 128
/** A connection that waited this long is closed, in milliseconds. */
export const WAIT_LIMIT_MS = 120_000

const BUSY = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: text/plain; charset=utf-8',
  'Retry-After: 2',
  'Connection: close',
  '',
  'The server of this port is still starting. Try again in a moment.\n',
].join('\r\n')

/** What `server.listen(other)` takes the socket from; documented as "any object with a `_handle`". */
interface HandleOwner {
  _handle: { close(callback?: () => void): void; ref(): void; listen?: () => number } | null
  /** What `address()` says of a server on a path. */
  _pipeName?: string | null
}

/** The part of `listen` that is left when a server has its handle already. */
interface Listener {
  _listen2(address: null, port: null, addressType: number, backlog: number): void
}

/** What a {@link Hold} is for. */
export interface HoldOptions {
  /** `false` for TLS and other protocols: nobody is answered in clear text. Default `true`. */
  readonly speaksHttp?: boolean
  /** Path of a socket or named pipe to hold instead of a port. */
  readonly path?: string | undefined
}

/**
 * A listening socket that serves nobody yet. Connections that arrive are kept, unread, and are
 * given to the server that adopts the socket. Never keeps the process alive.
 */
export class Hold implements Holder {
  readonly #server: Server
  readonly #waiting = new Map<Socket, NodeJS.Timeout>()
  /** Clear-text HTTP is spoken here, so a turned-away client can be told why. */
  readonly #speaksHttp: boolean
  readonly #path: string | undefined
  #port: number | undefined
  #done = false

  /** An unbound hold; see {@link Hold.bind}. */
  constructor(options: HoldOptions = {}) {
    this.#speaksHttp = options.speaksHttp ?? true
    this.#path = options.path
    // The options of http.Server, which will serve the connections: they are fixed at accept.
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true })
    this.#server.on('connection', (socket) => this.#keep(socket))
    this.#server.unref()
  }

  /** Binds in this tick; see {@link Holder.bind}. */
  bind(port: number, address: string | undefined): BindOutcome {
    if (this.#path === undefined) {
      const outcome = bind(this.#server, port, address)
      if (outcome.ok && port > 0) this.#port = port
      return outcome
    }
    const outcome = bindPath(this.#server, this.#path)
    if (outcome.ok) removeAtExit(this.#path)
    return outcome
  }

  /** Still bound by this hold. */
  get active(): boolean {
    return !this.#done && this.#server.listening
  }

  /** See {@link Holder.intact}. */
  get intact(): boolean {
    return this.active && listensStill(this.#server, this.#port)
  }

  /** Where it is bound, as the kernel says it. */
  get address(): AddressInfo | undefined {
    return (this.active && (this.#server.address() as AddressInfo | null)) || undefined
  }

  /** Connections that wait for the real server. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes the listening socket away from `server`, which from then on closes as if it had closed the
   * socket itself. For a restart: the port stays bound between the old server and the new one.
   *
   * @returns `undefined` when `server` does not listen.
   */
  static takeFrom(server: Server, options: HoldOptions = {}): Hold | undefined {
    if (!server.listening) return undefined
    const hold = new Hold(options)
    const address = server.address()
    move(server, hold.#server)
    hold.#server.unref()
    if (typeof address === 'object') hold.#port = address?.port
    return hold
  }

  /** Accepts on `kept` again, which is closed thereby: whoever waited in the kernel waits here. */
  static resume(kept: KeptSocket, options: HoldOptions = {}): Hold {
    const hold = new Hold(options)
    hold.#port = kept.address?.port
    kept.giveTo(hold.#server)
    hold.#server.unref()
    return hold
  }

  /** Makes `target` listen on the held socket and gives it the connections that waited. */
  adoptInto(target: Server): void {
    this.#done = true
    move(this.#server, target)
    for (const [socket, timer] of this.#waiting) {
      clearTimeout(timer)
      socket.removeAllListeners()
      if (socket.destroyed) continue
      target.emit('connection', socket)
      socket.resume()
    }
    this.#waiting.clear()
  }

  /**
   * Keeps the port bound without accepting any more, for servers of other processes. Whoever had
   * been accepted by then is in `waiting`, paused, and belongs to the caller.
   *
   * @returns `undefined` where sockets can't be copied; then everything is as before.
   */
  async keep(
    platform: NodeJS.Platform,
  ): Promise<{ kept: KeptSocket; waiting: Socket[] } | undefined> {
    const { KeptSocket } = await import('./kept-socket.ts')
    const kept = this.active ? await KeptSocket.copyOf(this.#server, platform) : undefined
    if (kept && this.active) return { kept, waiting: this.stop() }
    // It may have been adopted or closed in the meantime.
    kept?.close()
    return undefined
  }

  /**
   * Resolves when everybody has been accepted who had connected by now. Those who keep coming are
   * not waited for without end.
   */
  async settled(): Promise<void> {
    let accepted = 0
    const count = (): void => void accepted++
    this.#server.on('connection', count)
    // Some versions of Node accept one connection in each turn of the event loop, others all.
    for (let idle = 0, turns = 0; idle < 2 && turns < MAX_WAITING * 2; turns++) {
      accepted = 0
      await new Promise(setImmediate)
      idle = accepted > 0 ? 0 : idle + 1
    }
    this.#server.off('connection', count)
  }

  /** Stops listening; whoever waited is left to the caller, paused. */
  stop(): Socket[] {
    if (this.#done) return []
    this.#done = true
    this.#server.close()
    const waiting = [...this.#waiting.keys()]
    for (const socket of waiting) this.#forget(socket)
    return waiting
  }

  /** Stops listening and turns away who waited. Idempotent; does nothing after an adoption. */
  close(): void {
    if (this.#done) return
    this.#done = true
    this.#server.close()
    for (const socket of this.#waiting.keys()) this.#turnAway(socket)
  }

  #keep(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#waiting.size >= MAX_WAITING) {
      this.#turnAway(socket)
      return
    }
    const timer = setTimeout(() => this.#turnAway(socket), WAIT_LIMIT_MS)
    timer.unref()
    this.#waiting.set(socket, timer)
    socket.once('close', () => this.#forget(socket))
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket))
    this.#waiting.delete(socket)
  }

  #turnAway(socket: Socket): void {
    this.#forget(socket)
    // Unread input would turn the close into a reset, and the client would never see the answer.
    socket.resume()
    socket.setTimeout(1000, () => socket.destroy())
    if (this.#speaksHttp) socket.write(BUSY)
    socket.end(() => socket.destroySoon())
    socket.unref()
  }
}

/** Hands the bound socket of `from` over to `to`; `from` keeps a stand-in whose close does nothing. */
function move(from: Server, to: Server): void {
  const source = from as unknown as HandleOwner
  const handle = source._handle
  // A hold is unref'd, and that sticks to the socket; the adopter's own `unref()` still counts.
  handle?.ref()
  if (handle && typeof source._pipeName === 'string') listenOnPipe(to, handle, source._pipeName)
  // Not `to.listen`: bundlers and adapters wrap that one, and the wrapper is what called us.
  else plainListen().call(to, from)
  source._handle = { close: (callback) => void callback?.(), ref: () => {} }
}

/**
 * `listen` takes the socket of another server only when that is TCP: it opens the descriptor of a
 * pipe a second time, which the kernel refuses. So this does what it does for TCP.
 */
function listenOnPipe(to: Server, handle: NonNullable<HandleOwner['_handle']>, path: string): void {
  const target = to as unknown as HandleOwner
  target._handle = handle
  target._pipeName = path
  // It listens already, and on Windows a pipe may do so only once.
  handle.listen = () => 0
  ;(Server.prototype as unknown as Listener)._listen2.call(to, null, null, -1, -1)
  delete handle.listen
}
