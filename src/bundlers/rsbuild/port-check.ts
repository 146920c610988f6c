import { Server } from 'node:net'
import type { PortReservation } from '../../reservation/reservation.ts'

/** Rsbuild checks its port right after it has read its config; later nobody asks, in milliseconds. */
const CHECK_EXPECTED_WITHIN_MS = 30_000

/**
 * Lets Rsbuild's own check of a held port succeed without letting go of it.
 *
 * Rsbuild binds the port with a server of no further use and closes it again. The answer is known:
 * the port is free for Rsbuild, because it is held for it. So for that one server any free port does.
 *
 * @returns A function that ends this.
 */
export function passPortCheck(reservation: PortReservation): () => void {
  const { listen } = Server.prototype
  const isCheck = (options: unknown): options is { port: number; host?: string } =>
    typeof options === 'object' &&
    options !== null &&
    'port' in options &&
    options.port === reservation.port &&
    'host' in options &&
    options.host === reservation.host
  const pass = listen as (this: Server, ...args: unknown[]) => Server
  const checked = function (this: Server, ...args: unknown[]): Server {
    const [options, ...rest] = args
    return isCheck(options)
      ? pass.call(this, { ...options, port: 0 }, ...rest)
      : pass.apply(this, args)
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
