import { PortsError } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { type ExplanationData, renderExplanation } from '../output/explain.ts'
import { describeHolders } from '../reservation/holders.ts'
import type { ServiceTrace } from '../reservation/trace.ts'
import { noService } from './find-target.ts'
import { orderOwner } from './give-orders.ts'
import { endpointOf } from '../net/endpoint.ts'
import { allLeasesHere, type Here, nearestRoot } from './leases-here.ts'

/** Why one service has its port. */
export interface ServiceExplanation {
  readonly root: string
  readonly data: ExplanationData
  readonly text: string
}

/**
 * Why the services of the root around `cwd`, else of the whole checkout, have their ports: the
 * traces of the processes that have them, as far as those take orders from this user.
 *
 * @param service Only this one.
 * @throws PortsError `PORTS_NO_SERVICE` when there is none.
 */
export async function explainHere(
  service: string | undefined,
  here: Here,
): Promise<ServiceExplanation[]> {
  const leases = nearestRoot(await allLeasesHere(here), here.cwd)
  const found: ServiceExplanation[] = []
  for (const { root, data } of await explainLeases(leases, here)) {
    if (service !== undefined && data.service !== service) continue
    if ('attempts' in data) await describeHolders(data.attempts, here.place)
    found.push({ root, data, text: renderExplanation(data, here.checkout.dir) })
  }
  if (found.length > 0) return found
  const message =
    service === undefined
      ? `nothing of ${here.checkout.dir} is running now. Start it, then ask again.`
      : await noService(service, here)
  throw new PortsError('PORTS_NO_SERVICE', message)
}

async function explainLeases(
  leases: readonly LeaseAnswer[],
  { place }: Here,
): Promise<{ root: string; data: ExplanationData }[]> {
  const explained: { root: string; data: ExplanationData }[] = []
  const told = new Set<string>()
  for (const lease of leases) {
    const { root, pid, service } = lease
    const at = `${pid} ${endpointOf(lease)}`
    if (told.has(at)) continue
    const outcome = await orderOwner(lease, 'explain', place)
    const traces = outcome !== 'unreachable' && outcome.ok ? readTraces(outcome.result) : []
    for (const trace of traces) {
      // A service that was not to be had may be had by another process of the root.
      if (trace.outcome === 'allocated') told.add(`${pid} ${endpointOf(trace)}`)
      else if (told.has(`${root} ${trace.service}`)) continue
      told.add(`${root} ${trace.service}`)
      explained.push({ root, data: trace })
    }
    if (told.has(at)) continue
    const { v: _, runs: _r, ...facts } = lease
    explained.push({
      root,
      data: { outcome: 'elsewhere', service, holder: { ...facts, via: 'lease' } },
    })
  }
  return explained
}

/** The reply comes from a process of this user that has the token, so only its shape is in doubt. */
function readTraces(result: unknown): ServiceTrace[] {
  return Array.isArray(result) ? result.filter(isTrace) : []
}

function isTrace(value: unknown): value is ServiceTrace {
  const trace = value as Partial<ServiceTrace> | null
  return (
    typeof trace === 'object' &&
    typeof trace?.service === 'string' &&
    (trace.outcome === 'allocated' || trace.outcome === 'missing') &&
    Array.isArray(trace.attempts)
  )
}
