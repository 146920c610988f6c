import { accepts } from '../net/accepting.ts'
import { findOwners } from '../net/find-owners.ts'
import type { LeasePlace } from '../lease/names.ts'
import { holderText } from '../reservation/holder-text.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { systemHolder, whoHolds } from '../reservation/who-holds.ts'
import { intervalFrom } from './health/interval.ts'
import { type MonitorClock, processClock } from './health/monitor.ts'

/** Time between two looks at the ports that this process holds, in milliseconds. */
const UPKEEP_INTERVAL_MS = 5000

/** What is looked after, and who is told. */
export interface UpkeepContext {
  readonly place: LeasePlace
  /** The checkout that paths are shown relative to. */
  readonly checkout: string
  readonly pid: number
  /** The process's environment; `PORTS_HEALTH_INTERVAL_MS` may set the interval. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is reserved at the moment. */
  reservations(): Iterable<PortReservation>
  /** Somebody else has the port now; told once until it is had again or the service has moved. */
  lost(reservation: PortReservation, who: string): void
  /** Somebody listens on the port at another address that `localhost` may mean; told once. */
  beside(reservation: PortReservation, who: string): void
}

/**
 * Looks every few seconds whether held ports are still ours: sockets and leases that were closed
 * behind our back are had again, and strangers are told of. Looks never overlap, so a machine that
 * slept looks once. Never keeps the process alive.
 *
 * @returns Ends it.
 */
export function keepUp(context: UpkeepContext, clock: MonitorClock = processClock): () => void {
  const told = new Map<PortReservation, { port: number; lost: boolean; beside: boolean }>()
  let cancel = (): void => {}
  let closed = false

  const look = async (): Promise<void> => {
    const present = new Set(context.reservations())
    for (const known of told.keys()) if (!present.has(known)) told.delete(known)
    for (const reservation of present) {
      if (closed) return
      await lookAt(reservation)
    }
  }

  const lookAt = async (reservation: PortReservation): Promise<void> => {
    const { port } = reservation
    let known = told.get(reservation)
    if (known?.port !== port) told.set(reservation, (known = { port, lost: false, beside: false }))
    const found = reservation.check()
    if (found !== 'lost') known.lost = false
    else if (!known.lost) {
      known.lost = true
      const who = await holderOf(reservation, context)
      if (!closed && reservation.port === port) context.lost(reservation, who)
      return
    }
    if (known.beside || !(await isBeside(reservation))) return
    const who = await strangerOn(port, context)
    if (who === undefined || closed || reservation.port !== port) return
    known.beside = true
    context.beside(reservation, who)
  }

  const intervalMs = intervalFrom(context.env) ?? UPKEEP_INTERVAL_MS
  const plan = (): void => {
    cancel = clock.later(() => {
      // Nothing of it rejects but by a defect, and that must not end the watching.
      void look()
        .catch(() => {})
        .then(() => closed || plan())
    }, intervalMs)
  }
  plan()
  return () => {
    closed = true
    cancel()
  }
}

async function holderOf(
  { endpoint }: PortReservation,
  { place, checkout }: UpkeepContext,
): Promise<string> {
  const holder = (await whoHolds([endpoint], place).catch(() => undefined))?.get(endpoint)
  return holder ? holderText(holder, checkout) : 'another program'
}

/** Somebody accepts connections on the loopback address that our own server or socket is not on. */
async function isBeside({ state, protocol, port, bound }: PortReservation): Promise<boolean> {
  if (protocol !== 'tcp' || (state !== 'held' && state !== 'serving')) return false
  const other = otherLoopback(bound.address)
  return other !== undefined && accepts(port, other)
}

function otherLoopback(address: string | undefined): string | undefined {
  switch (address) {
    case '127.0.0.1':
    case '0.0.0.0':
      return '::1'
    case '::1':
      return '127.0.0.1'
    default:
      // All interfaces, or one that `localhost` doesn't mean.
      return undefined
  }
}

/** Who listens there besides this process, for people; `undefined` when nobody else does. */
async function strangerOn(
  port: number,
  { checkout, pid }: UpkeepContext,
): Promise<string | undefined> {
  const owners = (await findOwners([port])).get(port) ?? []
  const stranger = owners.find((owner) => owner.pid !== pid)
  return stranger && holderText(systemHolder(port, stranger), checkout)
}
