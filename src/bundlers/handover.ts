import type { Server } from 'node:net'
import { nameLentServer } from '../net/lent-servers.ts'
import type { PortReservation } from '../reservation/reservation.ts'

/**
 * Makes `server` adopt the held socket when it is told to listen there, and leave the socket to its
 * successor when it closes while somebody else still needs it.
 *
 * Vite wraps `listen` after this, so plugins' `buildStart` has run when the socket is handed over;
 * webpack-dev-server has compiled by then.
 */
export function handOver(server: Server, reservation: PortReservation): void {
  if (reservation.isLent) nameLentServer(reservation.port, server)
  const { close } = server
  const listen = server.listen.bind(server) as (...args: unknown[]) => Server
  server.listen = ((...args: unknown[]): Server => {
    const { port, host } = askedFor(args)
    const asked = port === reservation.port && host === reservation.host
    if (!asked || reservation.state !== 'held') {
      // Told to listen elsewhere: it gets what it asked for, and nothing of ours may be in its way.
      if (port === reservation.port) reservation.letGo()
      return listen(...args)
    }
    const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
    if (callback) server.once('listening', callback)
    reservation.adoptInto(server)
    return server
  }) as Server['listen']
  server.close = function (callback) {
    if (reservation.users.size > 1 || reservation.keepAtClose) reservation.reclaimFrom(server)
    return close.call(server, callback)
  }
}

/** The address of a call of `listen`: `listen(port, host)` and `listen({ port, host })`; a host that is left out means all interfaces. */
export function askedFor([first, second]: unknown[]): { port?: unknown; host?: unknown } {
  if (typeof first === 'object' && first !== null) return first
  return { port: first, host: typeof second === 'string' ? second : undefined }
}
