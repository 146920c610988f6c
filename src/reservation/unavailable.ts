import { PortsError, type ServiceProblem } from '../errors.ts'
import { endpointOf, endpointText } from '../net/endpoint.ts'
import type { PortAttempt, RejectReason } from '../types.ts'
import { attemptText } from './holder-text.ts'

/** Lines of the list after which the rest is only counted. */
const MAX_LINES = 8

/** The error for services that could not be had: per service what was tried, who is there, and what to do. */
export function unavailable(problems: readonly ServiceProblem[], from: string): PortsError {
  const code = problems[0]?.code ?? 'PORTS_RANGE_EXHAUSTED'
  return new PortsError(code, problems.map((problem) => problemText(problem, from)).join('\n\n'), {
    problems,
  })
}

function problemText(found: ServiceProblem, from: string): string {
  // A port that was first left to whoever had it last stands in the list twice.
  const attempts = [...new Map(found.attempts.map((a) => [endpointOf(a), a])).values()]
  const problem = { ...found, attempts }
  const { service, group } = problem
  // The services that failed are told of by themselves.
  if (group) return groupText(service, group)
  const shown = attempts.slice(0, MAX_LINES)
  const width = Math.max(0, ...shown.map((a) => endpointText(a).length))
  const lines = shown.map((a) => `  ${endpointText(a).padEnd(width)}  ${attemptText(a, from)}`)
  const rest = attempts.length - shown.length
  const last = attempts.at(-1)
  if (rest > 0 && last) lines.push(`  and ${rest} more up to ${endpointText(last)}`)
  const isPath = attempts.some((attempt) => attempt.path !== undefined)
  return [headline(problem), ...lines, isPath ? pathAdvice(service) : advice(problem)].join('\n')
}

/** Why a service has no port that could have had one: `its group "backend" is not complete without "db"`. */
export function groupReason({ name, failed }: NonNullable<ServiceProblem['group']>): string {
  return `its group "${name}" is not complete without ${failed.map((f) => `"${f}"`).join(', ')}`
}

function groupText(service: string, group: NonNullable<ServiceProblem['group']>): string {
  return `"${service}" got no port either: ${groupReason(group)}.`
}

function headline({ service, code, attempts, inARow }: ServiceProblem): string {
  const kind = attempts.some((attempt) => attempt.path !== undefined) ? 'socket' : 'port'
  const count = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`
  switch (code) {
    case 'PORTS_NO_ADDRESS':
      return `the host of "${service}" is no address of this machine.`
    case 'PORTS_DENIED':
      return `no permission to bind a ${kind} for "${service}" (${count}).`
    case 'PORTS_TAKEN':
      if (inARow)
        return `"${service}" may only begin where it prefers to, and ${inARow} ports in a row can't be had there.`
      return `"${service}" may only use ${portList(attempts)}, and it can't be had.`
    default:
      if (inARow) return `no ${inARow} free ports in a row for "${service}"; in the way:`
      return `no free ${kind} for "${service}" in ${portList(attempts)} (${count}).`
  }
}

function portList(attempts: readonly PortAttempt[]): string {
  if (attempts.some((attempt) => attempt.path !== undefined)) return pathList(attempts)
  const ports = attempts.map((attempt) => attempt.port)
  const [first, last] = [ports[0], ports.at(-1)]
  if (first === undefined) return 'its range'
  const consecutive = ports.every((port, index) => port === first + index)
  if (ports.length > 1 && consecutive) return `${first}-${last}`
  return ports.length <= 3 ? ports.join(', ') : `${first}, ${ports[1]} … ${last}`
}

function pathList(attempts: readonly PortAttempt[]): string {
  const [first, second, ...more] = attempts.map(endpointText)
  return [first, second, more.length > 0 && '…'].filter(Boolean).join(', ')
}

function pathAdvice(service: string): string {
  return `Stop the process that holds it, or set services.${service}.path to one that is free, short, and in a directory that you may write to.`
}

/** Reasons that no stopping of programs removes. */
const CLOSED = new Set<RejectReason | undefined>(['blocked', 'ephemeral', 'privileged', 'excluded'])

function advice({ code, service, pool, attempts }: ServiceProblem): string {
  switch (code) {
    case 'PORTS_NO_ADDRESS':
      return `Set services.${service}.host (or the server's own host) to a name or address that this machine has.`
    case 'PORTS_DENIED':
      return `Ports below 1024 and ports that the system reserves need rights that this user lacks: choose another services.${service}.preferred.`
    case 'PORTS_TAKEN':
      return `Stop the process that holds it, choose another services.${service}.preferred, or turn \`strict\` off.`
    default: {
      const place = pool === undefined ? `services.${service}.range` : `pools.${pool}`
      const closed = attempts.length > 0 && attempts.every((a) => CLOSED.has(a.rejected))
      return closed
        ? `Choose another range for ${place}: these are never chosen from a range.`
        : `Widen ${place} or stop one of these.`
    }
  }
}
