import { Server } from 'node:net'
import type { PortReservation } from '../reservation/reservation.ts'
import { askedFor } from './handover.ts'

/** A bundler checks its port right after it has read its config; later nobody asks, in milliseconds. */
const CHECK_EXPECTED_WITHIN_MS = 30_000

/**
 * Lets a bundler's own check of a held port succeed without letting go of it.
 *
 * Rsbuild and Farm bind the port with a server of no further use and close it again. The answer is
 * known: the port is free for the bundler, because it is held for it. So for that server any free
 * port does.
 *
 * @returns A function that ends this.
 */
export function passPortCheck(reservation: PortReservation): () => void {
  const { listen } = Server.prototype
  const pass = listen as (this: Server, ...args: unknown[]) => Server
  const checked = function (this: Server, ...args: unknown[]): Server {
    const { port, host } = askedFor(args)
    if (port !== reservation.port || host !== reservation.host) return pass.apply(this, args)
    const callback = args.filter((arg) => typeof arg === 'function')
    return pass.call(this, { port: 0, ...(host !== undefined && { host }) }, ...callback)
  }
  const stop = (): void => {
    clearTimeout(timer)
    if (Server.prototype.listen === checked) Server.prototype.listen = listen
  }
  const timer = setTimeout(stop, CHECK_EXPECTED_WITHIN_MS)
  timer.unref()
  Server.prototype.listen = checked as typeof listen
  return stop
}
