import type { Candidate, ServicePlan } from '../plan/plan.ts'

/**
 * The plan for a service that leaves the port `from`: the port `to` alone, else its usual candidates
 * without `from`. What was typed at the start was for the port that is being left.
 */
export function movedPlan(plan: ServicePlan, from: number, to: number | undefined): ServicePlan {
  if (to !== undefined) {
    const wish: Candidate = { port: to, source: 'typed' }
    return { ...plan, strict: true, candidates: () => [wish] }
  }
  return { ...plan, candidates: () => without(plan.candidates(), from) }
}

function* without(candidates: Iterable<Candidate>, port: number): Generator<Candidate> {
  for (const candidate of candidates) if (candidate.port !== port) yield candidate
}
