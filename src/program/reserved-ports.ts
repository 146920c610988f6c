import type { Reservation } from '../types.ts'
import type { ReservedPorts } from './types.ts'

/** The list with what releases all of it. */
export function reservedPorts(reservations: readonly Reservation[]): ReservedPorts {
  const release = async (): Promise<void> => {
    for (const reservation of reservations) await reservation.release()
  }
  const dispose = (): void => {
    for (const reservation of reservations) reservation[Symbol.dispose]()
  }
  // Not enumerable, so that the list prints and compares as one.
  return Object.defineProperties([...reservations], {
    release: { value: release },
    [Symbol.dispose]: { value: dispose },
    [Symbol.asyncDispose]: { value: release },
  }) as unknown as ReservedPorts
}
