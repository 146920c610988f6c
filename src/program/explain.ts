import { PortsError } from '../errors.ts'
import type { LeasePlace } from '../lease/names.ts'
import { listLeases } from '../lease/list.ts'
import { type ExplanationData, renderExplanation } from '../output/explain.ts'
import { describeHolders } from '../reservation/holders.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { traceOf, traceOfProblem, tracesOf } from '../reservation/trace.ts'
import { whoHolds } from '../reservation/who-holds.ts'
import type { ServiceProblem } from '../errors.ts'
import { findCheckout } from '../utils/checkout.ts'
import type { Explanation } from './types.ts'

/** Where {@link explainService} looks. */
export interface ExplainContext {
  readonly root: string
  readonly place: LeasePlace
  /** Services of the instance that is asked; they come before those of others in this process. */
  readonly own: ReadonlyMap<string, PortReservation>
  readonly missing: readonly ServiceProblem[]
}

/**
 * Why `service` of a root has its port: from this process's own trace, else from what the lease of
 * another process tells. Looks up who is on the ports that were passed over.
 *
 * @throws PortsError `PORTS_NO_SERVICE` when nobody has it.
 */
export async function explainService(
  service: string,
  context: ExplainContext,
): Promise<Explanation> {
  const json = findHere(service, context) ?? (await findElsewhere(service, context))
  if (!json) {
    throw new PortsError(
      'PORTS_NO_SERVICE',
      `${context.root} has no service "${service}" now, in this process or another. Allocate it first, or name the root that it has.`,
    )
  }
  if ('attempts' in json) await describeHolders(json.attempts, context.place)
  return { json, text: renderExplanation(json, findCheckout(context.root).dir) }
}

function findHere(
  service: string,
  { root, own, missing }: ExplainContext,
): ExplanationData | undefined {
  const reservation = own.get(service)
  if (reservation) return traceOf(reservation)
  const traces = [...missing.map(traceOfProblem), ...tracesOf(root)]
  const named = traces.filter((trace) => trace.service === service)
  return named.find(({ outcome }) => outcome === 'allocated') ?? named[0]
}

async function findElsewhere(
  service: string,
  { root, place }: ExplainContext,
): Promise<ExplanationData | undefined> {
  const leases = await listLeases(place)
  const lease = leases.find((lease) => lease.root === root && lease.service === service)
  if (!lease) return undefined
  const holder = (await whoHolds([lease.port], place)).get(lease.port)
  return holder && { outcome: 'elsewhere', service, holder }
}
