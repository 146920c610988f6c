import type { Lease } from '../lease/lease.ts'
import type { BindAddress } from '../net/addresses.ts'
import type { EndpointParts } from '../net/endpoint.ts'
import type { Holder } from '../net/holder.ts'
import type { PortAttempt, PortSource } from '../types.ts'

/** What an allocation found for one service; becomes a {@link PortReservation}. */
export interface Found extends EndpointParts {
  readonly service: string
  readonly bound: BindAddress
  readonly source: PortSource
  readonly attempts: readonly PortAttempt[]
  /** Bound by us; absent for servers that others start. */
  readonly hold?: Holder
  /** Absent while another session of this checkout has it for the same service. */
  readonly lease?: Lease
  /** Tries for the lease once more. */
  readonly claim: () => Lease | undefined
  /** A server of this checkout listens there already. */
  readonly running: boolean
  /** The process that started this one holds it; a server of this one gets it when it listens. */
  readonly lent?: boolean
}

/** How the port is spoken to and described. */
export interface ReservationFacts {
  readonly secure: boolean
  /** Of its URL where it is not secure: `http`. */
  readonly scheme: string
  readonly description?: string | undefined
  readonly metadata?: Record<string, unknown> | undefined
  /** See `ServicePlan.key`. */
  readonly key: string
}
