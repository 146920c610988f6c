import dns from 'node:dns'
import type { PortReservation } from '../../reservation/reservation.ts'

/** Rsbuild checks its port within milliseconds of reading its config; after this nobody waits for it, in milliseconds. */
const CHECK_EXPECTED_WITHIN_MS = 30_000

/**
 * Lets Rsbuild's own check of a held port succeed.
 *
 * Rsbuild binds the port and closes it again before it goes on. To bind, Node asks for the host's
 * address first, and that is the moment at which the socket is let go; as soon as the check has
 * closed, it is held again. Cooperating processes are kept off by the lease all the while.
 *
 * @returns A function that ends the watch and holds the port again. Its result is false when a
 * stranger was faster.
 */
export function allowPortCheck(reservation: PortReservation): () => boolean {
  const { lookup } = dns
  let again: NodeJS.Immediate | undefined
  const timer = setTimeout(() => stop(), CHECK_EXPECTED_WITHIN_MS)
  timer.unref()

  const holdAgain = (): boolean => {
    clearImmediate(again)
    return reservation.state !== 'leased' || reservation.hold()
  }
  const holdSoon = (): void => {
    again = setImmediate(() => {
      // Still bound by the check: the next turn of the event loop comes in microseconds.
      if (!holdAgain()) holdSoon()
    })
    again.unref()
  }
  const watched = ((host: string, ...rest: unknown[]): void => {
    const callback = rest.at(-1) as (...results: unknown[]) => void
    const pass = lookup as unknown as (...args: unknown[]) => void
    if (host !== reservation.host) return pass(host, ...rest)
    pass(host, ...rest.slice(0, -1), (...results: unknown[]) => {
      clearImmediate(again)
      reservation.letGo()
      callback(...results)
      holdSoon()
    })
  }) as typeof lookup
  dns.lookup = watched

  const stop = (): boolean => {
    clearTimeout(timer)
    if (dns.lookup === watched) dns.lookup = lookup
    return holdAgain()
  }
  return stop
}
