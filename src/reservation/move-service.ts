import { PortsError } from '../errors.ts'
import { isBlock } from '../plan/plan.ts'
import { type AllocationContext, allocateService, type ServiceRequest } from './allocate.ts'
import { movedPlan } from './moved-plan.ts'
import { problemOf } from './problems.ts'
import { ask, type Steps } from './questions.ts'
import type { PortReservation } from './reservation.ts'
import type { Move, Want } from './session-use.ts'
import { unavailable } from './unavailable.ts'

/**
 * Takes another port for a reservation and points the reservation to it.
 *
 * @param to The port to take; without it the next candidate after the present one.
 * @returns The move, and what gives the old port up.
 * @throws PortsError see `Session.move`.
 */
export function* moveService(
  reservation: PortReservation,
  want: Want,
  to: number | undefined,
  context: AllocationContext,
): Steps<{ move: Move; release: () => void }> {
  const { service } = reservation
  refuseUnmovable(reservation, want)
  const from = reservation.port
  const { facts, bound } = reservation
  const plan = movedPlan(want.plan, from, to)
  const request: ServiceRequest = { plan, bound, hold: want.hold, secure: facts.secure }
  const outcome = yield* allocateService(request, context)
  if (!outcome.ok || 'keep' in outcome) {
    const code = outcome.ok ? 'PORTS_TAKEN' : outcome.code
    const { attempts } = outcome
    const problems = [problemOf(want.plan.service, { code, attempts })]
    yield* ask({ ask: 'holders', problems })
    throw unavailable(problems, context.checkout)
  }
  const { hold, lease } = outcome.found
  try {
    const release = reservation.moveTo(outcome.found)
    return { move: { service, from, to: outcome.found.port, reservation }, release }
  } catch (error) {
    hold?.close()
    lease?.end()
    throw error
  }
}

function refuseUnmovable({ service, path }: PortReservation, { plan }: Want): void {
  if (path !== undefined) {
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `"${service}" has protocol "unix" and so no port that could be moved. Set services.${service}.path to have it elsewhere.`,
    )
  }
  if (!isBlock(plan.service)) return
  const { of, count } = plan.service.instance
  throw new PortsError(
    'PORTS_IN_A_ROW',
    `"${service}" can't be moved by itself: its port is one of ${count} in a row. Change services.${of}.preferred and start again.`,
  )
}
