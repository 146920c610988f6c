import type { ServiceProblem } from '../errors.ts'
import type { BindAddress } from '../net/addresses.ts'
import type { ResolvedService } from '../options/resolved.ts'
import type { Debug } from '../utils/debug.ts'
import {
  type AllocationContext,
  allocateService,
  type ServiceOutcome,
  type ServiceRequest,
} from './allocate.ts'
import { allocateBlock } from './allocate-block.ts'
import { problemOf } from './problems.ts'
import { ask, type Steps } from './questions.ts'
import type { ReservationFacts } from './found.ts'
import { PortReservation } from './reservation.ts'
import type { Want } from './session-use.ts'

/** What the session has already. */
export interface Present {
  /** What the server that is being replaced has of a service. */
  before(service: string): PortReservation | undefined
  /** What anybody in the session has of a service. */
  anywhere(service: string): PortReservation | undefined
  readonly debug: Debug | undefined
}

/** A service's reservation, or why it has none. */
export type Outcome = [ResolvedService, PortReservation | ServiceProblem]

/** Reserves one service, or several whose ports are in a row; what is there already is gone on with. */
export function* reserveWants(
  wants: readonly Want[],
  present: Present,
  context: AllocationContext,
): Steps<Outcome[]> {
  const prepared: Prepared[] = []
  for (const want of wants) {
    const { service } = want.plan
    // A path has no address to look up.
    const host = service.protocol === 'unix' ? true : want.host
    const bound = yield* ask({ ask: 'address', host })
    if (!bound) {
      const failure = { code: 'PORTS_NO_ADDRESS', attempts: [] } as const
      return wants.map(({ plan }) => [plan.service, problemOf(plan.service, failure)])
    }
    prepared.push({ want, service, bound, ...meet(want, present) })
  }
  if (prepared.every(({ same }) => same)) {
    return prepared.map(({ want, service, bound, same }) => [
      service,
      (same as PortReservation).continueAs(bound, factsKept(want, same as PortReservation)),
    ])
  }
  const requests = prepared.map(({ want, bound, before }): ServiceRequest => ({
    plan: want.plan,
    bound,
    hold: want.hold,
    secure: want.secure,
    current: before?.endpoint,
    // Its own lease would pass for a running server.
    ...(!before && { remembered: want.remembered, usual: want.usual }),
  }))
  const [only] = requests
  const outcomes =
    only && requests.length === 1
      ? [yield* allocateService(only, context)]
      : yield* allocateBlock(requests, context)
  return prepared.map(({ want, service, bound, before }, index) => {
    const outcome = outcomes[index] as ServiceOutcome
    if (!outcome.ok) return [service, problemOf(service, outcome)]
    const facts = factsOf(want)
    if ('keep' in outcome) {
      return [service, (before as PortReservation).continueAs(bound, facts)]
    }
    return [service, new PortReservation(outcome.found, facts, present.debug)]
  })
}

/** What a want meets in its session. */
interface Prepared {
  readonly want: Want
  readonly service: ResolvedService
  readonly bound: BindAddress
  readonly before: PortReservation | undefined
  /** Gone on with as it is. */
  readonly same: PortReservation | undefined
}

function meet({ plan, hold, kept }: Want, present: Present): Pick<Prepared, 'before' | 'same'> {
  const { name } = plan.service
  const before = present.before(name)
  const asBefore = kept || before?.facts.key === plan.key
  if (before) return { before, same: asBefore ? before : undefined }
  // Any number of servers may talk to a server that somebody else starts.
  return { before, same: hold ? undefined : present.anywhere(name) }
}

/** A port that is only kept for now is chosen anew by the next server, so its old key stays. */
function factsKept(want: Want, { facts }: PortReservation): ReservationFacts {
  return want.kept && want.hold ? { ...factsOf(want), key: facts.key } : factsOf(want)
}

function factsOf({ plan: { service, key }, secure }: Want): ReservationFacts {
  const { scheme, description, metadata } = service
  return { secure, scheme, description, metadata, key }
}
