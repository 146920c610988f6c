import { PortsError } from '../errors.ts'
import { PortReservation } from '../reservation/reservation.ts'
import type { Reservation } from '../types.ts'
import { Handover } from './handover.ts'
import { preloadFile } from './preload-file.ts'

/** Held ports on their way to processes or workers that a program starts itself. */
export interface ChildHandover extends AsyncDisposable {
  /**
   * The variables for `env` of `spawn`, `fork` or `new Worker`: everything in `base`, the note that
   * leads to the held sockets, and `NODE_OPTIONS` that load the reader of it.
   *
   * @param base Default: this process's environment.
   */
  env(base?: Readonly<Record<string, string | undefined>>): Record<string, string>
  /** For `execArgv` of `new Worker`, which does not read `NODE_OPTIONS`. */
  readonly execArgv: readonly string[]
  /** Hands over nothing any more; servers that have a socket keep it. Idempotent. */
  close(): void
}

/** See `handToChildren` in the programmatic entry. */
export async function openChildHandover(
  reservations: readonly Reservation[],
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChildHandover> {
  const own = reservations.map((reservation) => {
    if (reservation instanceof PortReservation) return reservation
    throw new PortsError(
      'PORTS_NOT_HELD',
      `Port ${reservation.port} of "${reservation.service}" was not reserved by this copy of unplugin-ports.`,
    )
  })
  const handover = await Handover.open(own, { platform })
  return {
    env: (base = env) => {
      const variables = { ...base, ...handover.env(base) }
      return Object.fromEntries(
        Object.entries(variables).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      )
    },
    execArgv: ['--require', preloadFile()],
    close: () => handover.close(),
    [Symbol.asyncDispose]: async () => handover.close(),
  }
}
