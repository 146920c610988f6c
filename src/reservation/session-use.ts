import type { ServiceProblem } from '../errors.ts'
import type { ServicePlan } from '../plan/plan.ts'
import type { ServiceHealth } from '../types.ts'
import type { Checkout } from '../utils/checkout.ts'
import type { Debug } from '../utils/debug.ts'
import type { PortReservation } from './reservation.ts'
import type { Session } from './session.ts'
import type { LeasePlace } from './who-holds.ts'

/** A service as one server or program wants it. */
export interface Want {
  readonly plan: ServicePlan
  /** The `host` option that counts for this service in this server. */
  readonly host: string | boolean | undefined
  readonly hold: boolean
  readonly secure: boolean
  /** Ports on which this checkout's server may run already; they are looked at first. */
  readonly remembered?: number | undefined
  /** Its own settings are as before, so it keeps the port it has. Default `false`. */
  readonly kept?: boolean
  readonly usual?: readonly number[]
}

/** Knows how services are; see `health` in the programmatic entry. */
export interface HealthSource {
  all(): ServiceHealth[]
  checkAll(): Promise<ServiceHealth[]>
}

/** A service has got another port. */
export interface Move {
  readonly service: string
  readonly from: number
  readonly to: number
  readonly reservation: PortReservation
}

/** One bundler server's or program's part of a session. */
export interface SessionUse {
  readonly session: Session
  /** By service name. */
  readonly reservations: ReadonlyMap<string, PortReservation>
  /** Services that are not required and could not be had. */
  readonly missing: readonly ServiceProblem[]
  /** What a plugin says besides; a program says nothing. */
  readonly offer: PluginOffer | undefined
  /** Leaves every reservation; the last user of each one releases it. Idempotent. */
  close(): void
}

/** What a plugin's config offers beyond what it has reserved now. */
export interface PluginOffer {
  /** Services that ride on another one's port, by name. */
  readonly shared: Readonly<Record<string, string>>
  /** Services that are reserved when a program starts their server. */
  readonly later: readonly string[]
}

/** What a session tells other processes about itself. */
export interface SessionIdentity {
  readonly root: string
  readonly command: string
  readonly pid: number
  readonly place: LeasePlace
  readonly debug?: Debug | undefined
  /** The root's checkout, when it is known already. Default: it is looked for. */
  readonly checkout?: Checkout | undefined
  /** Ports that the process which started this one holds for its servers. Default: none. */
  readonly lentPorts?: ReadonlySet<number> | undefined
}
