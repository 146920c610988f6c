import type { LeaseAnswer } from '../lease/answer.ts'
import { leasedPorts, listLeases } from '../lease/list.ts'
import { listeningPorts } from '../net/owners/listening.ts'
import type { Here } from './leases-here.ts'
import { type Looking, lookAt, whosePort } from './look-at.ts'
import { portText } from './port-text.ts'

/** A port on which leases and the operating system say different things. */
export interface Mismatch {
  readonly port: number
  readonly problem:
    /** Its owner did not say who it is: it is busy, suspended or no process of ours. */
    | 'no-answer'
    /** Its owner should listen, and nobody does. */
    | 'nobody-listens'
    /** Another checkout's server listens there. */
    | 'foreign-server'
  readonly lease?: LeaseAnswer
  /** Who listens, for people; with `'foreign-server'`. */
  readonly who?: string
}

/** Compares every lease on this machine with who really listens. */
export async function findMismatches(here: Here, looking: Looking): Promise<Mismatch[]> {
  const { place } = here
  const leased = leasedPorts(place)
  const [leases, listening] = await Promise.all([listLeases(place), listeningPorts()])
  const answered = new Set(leases.map(({ port }) => port))
  const mayBeForeign = leases.filter(({ state, port }) => state === 'leased' && listening.has(port))
  const views = await lookAt(
    mayBeForeign.map(({ port }) => port),
    looking,
  )
  // A lease may have ended between the two looks.
  const stillLeased = leasedPorts(place)
  const found = [
    ...[...leased]
      .filter((port) => !answered.has(port) && stillLeased.has(port))
      .map((port): Mismatch => ({ port, problem: 'no-answer' })),
    ...leases
      .filter(
        ({ state, port }) => state === 'held' && !listening.has(port) && stillLeased.has(port),
      )
      .map((lease): Mismatch => ({ port: lease.port, problem: 'nobody-listens', lease })),
    ...mayBeForeign.flatMap((lease): Mismatch[] => {
      const view = views.get(lease.port)
      if (!view || whosePort(view, lease.checkout) !== 'foreign') return []
      const who = portText(view, here.checkout.dir)
      return [{ port: lease.port, problem: 'foreign-server', lease, who }]
    }),
  ]
  return found.toSorted((a, b) => a.port - b.port)
}
