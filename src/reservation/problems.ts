import type { ServiceProblem } from '../errors.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { PortReservation } from './reservation.ts'

/** What a service wants, as far as failing is concerned. */
interface Wanting {
  readonly plan: { readonly service: ResolvedService }
}

/** The problem of a service that has no port. */
export function problemOf(
  { name, pool, instance }: ResolvedService,
  { code, attempts }: Pick<ServiceProblem, 'code' | 'attempts'>,
): ServiceProblem {
  return {
    service: name,
    code,
    attempts,
    ...(pool !== undefined && { pool }),
    ...(instance?.contiguous && { inARow: instance.count }),
  }
}

/**
 * All or none: when a service of the group has no port, the others' outcomes become problems too.
 *
 * @returns The reservations that are not wanted any more.
 */
export function giveUpGroup(
  group: string,
  outcomes: Map<string, PortReservation | ServiceProblem>,
): PortReservation[] {
  const failed = [...outcomes].flatMap(([name, outcome]) =>
    outcome instanceof PortReservation ? [] : [name],
  )
  if (failed.length === 0) return []
  const given: PortReservation[] = []
  for (const [service, outcome] of outcomes) {
    if (!(outcome instanceof PortReservation)) continue
    given.push(outcome)
    const { attempts } = outcome
    outcomes.set(service, {
      service,
      code: 'PORTS_GROUP',
      attempts,
      group: { name: group, failed },
    })
  }
  return given
}

/**
 * The problems that the start fails with: those of required services, and of services whose failure
 * cost a required one its port. One for each block; what only followed from others comes last.
 */
export function fatalProblems(
  problems: readonly ServiceProblem[],
  wants: readonly Wanting[],
): ServiceProblem[] {
  const byName = new Map(wants.map(({ plan }) => [plan.service.name, plan.service]))
  const required = problems.filter(({ service }) => byName.get(service)?.required)
  const causes = new Set(required.flatMap(({ group }) => group?.failed ?? []))
  return problems
    .filter((problem) => required.includes(problem) || causes.has(problem.service))
    .filter(
      ({ inARow, service }) => inARow === undefined || byName.get(service)?.instance?.index === 1,
    )
    .toSorted((a, b) => Number(a.group !== undefined) - Number(b.group !== undefined))
}
