import { lookup } from 'node:dns'
import { isIP, Server } from 'node:net'
import type { HandoverNote, HeldPort } from '../child/protocol.ts'
import { mayHaveLent } from '../net/lent-servers.ts'
import { rawOf, type RawSocket } from '../net/pass-socket.ts'
import { askHolder, type HolderSays, type Link } from './ask-holder.ts'
import { type ListenRequest, readListenRequest } from './listen-request.ts'
import { PLAIN_LISTEN } from '../net/plain-listen.ts'
import { Placeholder } from './placeholder.ts'

type Listen = (this: Server, ...args: unknown[]) => Server

const DEFAULT_BACKLOG = 511

/**
 * From here on a server that asks for a held port gets the held socket. Every other `listen` is
 * passed on untouched; so are those of cluster workers, whose primary asks for them.
 */
export function interceptListen(note: HandoverNote): void {
  const plain = Server.prototype.listen as Listen
  const listen: Listen = function (this: Server, ...args) {
    const request = readListenRequest(args)
    const held = request && note.ports.find((entry) => entry.port === request.port)
    // A server that listens already gets Node's own error.
    const forOther = held && !mayHaveLent(held.port, this)
    if (!held || forOther || rawOf(this) || (isClusterWorker() && !request.exclusive)) {
      return plain.apply(this, args)
    }
    new Handover(this, plain, args, request, held, note).start()
    return this
  }
  Object.assign(listen, { [PLAIN_LISTEN]: plain })
  Server.prototype.listen = listen as typeof Server.prototype.listen
}

/** One call of `listen` on its way to a held socket. */
class Handover {
  readonly #server: Server
  readonly #plain: Listen
  readonly #args: readonly unknown[]
  readonly #request: ListenRequest
  readonly #held: HeldPort
  readonly #note: HandoverNote
  readonly #placeholder: Placeholder
  #link: Link | undefined

  constructor(
    server: Server,
    plain: Listen,
    args: readonly unknown[],
    request: ListenRequest,
    held: HeldPort,
    note: HandoverNote,
  ) {
    this.#server = server
    this.#plain = plain
    this.#args = request.callback ? args.slice(0, -1) : args
    this.#request = request
    this.#held = held
    this.#note = note
    const sure = !request.own && isHeldAddress(request.host, held)
    this.#placeholder = new Placeholder(sure ? held : undefined, () => this.#link?.unref())
  }

  start(): void {
    const { callback, host, signal } = this.#request
    if (callback) this.#server.once('listening', callback)
    this.#placeholder.placeIn(this.#server)
    if (signal) closeOnAbort(this.#server, signal)
    if (host === undefined) this.#ask(null)
    else if (isIP(host)) this.#ask(host)
    else if (isHeldAddress(host, this.#held)) this.#ask(this.#held.address)
    else this.#lookUp(host)
  }

  #lookUp(host: string): void {
    lookup(host, (error, address) => {
      // Node's own lookup will say what is wrong with the name.
      if (error) this.#bind()
      else this.#ask(address)
    })
  }

  #ask(address: string | null): void {
    const { port, own } = this.#request
    this.#link = askHolder(
      this.#note,
      { port, address, own },
      (says, link) => this.#go(says, link),
      () => this.#holderVanished(),
    )
  }

  #go(says: HolderSays, link: Link): void {
    if (this.#placeholder.closed) {
      if (says !== 'nobody' && says.do === 'adopt') says.raw.close()
      link.end()
    } else if (says === 'nobody') this.#bind()
    else if (says.do === 'adopt') this.#adopt(says.raw, link)
    else this.#bind(link)
  }

  #adopt(raw: RawSocket, link: Link): void {
    const { backlog = DEFAULT_BACKLOG } = this.#request
    endWith(raw, link)
    link.unref()
    this.#placeholder.takeFrom(this.#server)
    this.#plain.call(this.#server, { handle: raw }, backlog)
  }

  #bind(link?: Link): void {
    const server = this.#server
    if (!this.#placeholder.takeFrom(server)) return link?.end()
    if (link) {
      const settle = (bound: boolean): void => {
        server.off('listening', onListening)
        server.off('error', onError)
        link.report({ bound })
        link.unref()
        const raw = rawOf(server)
        if (bound && raw) endWith(raw, link)
      }
      const onListening = (): void => settle(true)
      const onError = (): void => settle(false)
      server.prependOnceListener('listening', onListening)
      server.prependOnceListener('error', onError)
    }
    this.#plain.apply(server, [...this.#args])
  }

  /** Nobody would end this process any more, and nobody holds its port over a restart. */
  #holderVanished(): void {
    if (this.#note.endWithHolder) process.kill(process.pid, 'SIGTERM')
  }
}

/** A server that asks for `host` asks for exactly what is held. */
function isHeldAddress(host: string | undefined, held: HeldPort): boolean {
  if (host === undefined) {
    return held.address === '::' || (held.address === '0.0.0.0' && held.host === undefined)
  }
  return host === held.address || host.toLowerCase() === held.host?.toLowerCase()
}

/** The holder learns of the socket's end when it happens: before the server's last connections. */
function endWith(raw: RawSocket, link: Link): void {
  const { close } = raw
  raw.close = (callback) => {
    link.end()
    close.call(raw, callback)
  }
}

/** As Node does for a port; for a handle it takes no signal. */
function closeOnAbort(server: Server, signal: AbortSignal): void {
  const close = (): void => void server.close()
  if (signal.aborted) {
    process.nextTick(close)
    return
  }
  signal.addEventListener('abort', close, { once: true })
  server.once('close', () => signal.removeEventListener('abort', close))
}

function isClusterWorker(): boolean {
  // Loaded when a server listens, as most processes have none. The file is CommonJS in the end.
  return (require('node:cluster') as { isWorker: boolean }).isWorker
}
