import { randomBytes, timingSafeEqual } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { localName } from '../net/local-name.ts'
import { acceptForSockets } from '../net/pass-socket.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { HandedPort, type HandoverEvents } from './handed-port.ts'
import { readLines } from './lines.ts'
import { requiringOptions } from './node-options.ts'
import { preloadFile } from './preload-file.ts'
import { type Ask, type HandoverNote, type HeldPort, NOTE_VARIABLE } from './protocol.ts'

/** What a {@link Handover} is opened with. */
export interface HandoverOptions extends HandoverEvents {
  readonly platform: NodeJS.Platform
  /**
   * Node processes that have a held socket end when this process has vanished.
   *
   * @default true
   */
  readonly endWithHolder?: boolean
  /**
   * `false`: the held sockets are let go for servers that bind by themselves, instead of passed on.
   *
   * @default true, where the platform can
   */
  readonly passSockets?: boolean
}

/** Somebody who says nothing is dropped after this, in milliseconds. */
const SILENCE_LIMIT_MS = 5000
const MAX_VISITORS = 256

/**
 * Gives the sockets of reserved ports to the Node processes of a program. They find it by the
 * variables of {@link Handover.env}; nobody else knows the token.
 */
export class Handover {
  readonly ports: readonly HandedPort[]
  readonly #server: Server
  readonly #visitors = new Set<Socket>()
  readonly #note: HandoverNote
  readonly #file: string | undefined

  private constructor(
    ports: readonly HandedPort[],
    server: Server,
    note: HandoverNote,
    file: string | undefined,
  ) {
    this.ports = ports
    this.#server = server
    this.#note = note
    this.#file = file
    server.on('connection', (socket) => this.#visit(socket))
  }

  /**
   * Takes the held sockets of `reservations`. The caller closes it, and releases the reservations.
   *
   * @throws PortsError `PORTS_NOT_HELD` when one of them has no socket (any more).
   */
  static async open(
    reservations: readonly PortReservation[],
    options: HandoverOptions,
  ): Promise<Handover> {
    const { platform, endWithHolder = true, passSockets = true } = options
    const ports = await Promise.all(
      reservations.map(
        async (reservation) =>
          new HandedPort(reservation, await reservation.lend(platform, passSockets), options),
      ),
    )
    const id = `run-${process.pid}-${randomBytes(9).toString('base64url').replaceAll('_', '-')}`
    const name = localName(id, platform)
    const server = createServer({ pauseOnConnect: true })
    server.maxConnections = MAX_VISITORS
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(name.path, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.unref()
    const note: HandoverNote = {
      v: 1,
      control: name.path,
      token: randomBytes(24).toString('base64url'),
      endWithHolder,
      ports: ports.map((port) => describe(port)),
    }
    return new Handover(ports, server, note, name.file ? name.path : undefined)
  }

  /** The variables that a child needs besides those of `env`, whose `NODE_OPTIONS` are kept. */
  env(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
    return {
      [NOTE_VARIABLE]: JSON.stringify(this.#note),
      NODE_OPTIONS: requiringOptions(env.NODE_OPTIONS, preloadFile()),
    }
  }

  /** Answers nobody any more; sockets that were handed over stay with their servers. Idempotent. */
  close(): void {
    this.#server.close()
    for (const port of this.ports) port.dismiss()
    for (const socket of this.#visitors) socket.destroySoon()
    if (this.#file) rmSync(this.#file, { force: true })
  }

  #visit(accepted: Socket): void {
    const socket = (this.#passes() && acceptForSockets(accepted)) || accepted
    this.#visitors.add(socket)
    socket.once('close', () => this.#visitors.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    socket.unref()
    const silence = setTimeout(() => socket.destroy(), SILENCE_LIMIT_MS)
    silence.unref()
    socket.once('close', () => clearTimeout(silence))
    let port: HandedPort | undefined
    readLines(socket, (line) => {
      if (port) return port.report(socket, line)
      clearTimeout(silence)
      const ask = this.#read(line)
      port = ask && this.ports.find((entry) => entry.port === ask.port)
      if (ask && port) port.visit(socket, ask)
      else socket.destroy()
    })
  }

  #passes(): boolean {
    return this.ports.some((port) => port.passes)
  }

  #read(line: string): Ask | undefined {
    try {
      const ask = JSON.parse(line) as Partial<Ask>
      const { token, port, address, own, pid } = ask
      if (typeof token !== 'string' || !sameText(token, this.#note.token)) return undefined
      if (typeof port !== 'number' || typeof pid !== 'number') return undefined
      if (address !== null && typeof address !== 'string') return undefined
      return { token, port, address, own: own === true, pid }
    } catch {
      return undefined
    }
  }
}

function describe(port: HandedPort): HeldPort {
  const { address, family } = port.address
  const { host } = port.reservation
  return {
    service: port.reservation.service,
    port: port.port,
    ...(host !== undefined && { host }),
    address,
    family: family === 'IPv6' ? 'IPv6' : 'IPv4',
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
