import { PortsError, type PortsErrorCode, type ServiceProblem } from '../errors.ts'
import type { PortAttempt } from '../types.ts'
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
  const attempts = [...new Map(found.attempts.map((a) => [a.port, a])).values()]
  const problem = { ...found, attempts }
  const { service } = problem
  const shown = attempts.slice(0, MAX_LINES)
  const width = Math.max(0, ...shown.map((a) => String(a.port).length))
  const lines = shown.map((a) => `  ${String(a.port).padEnd(width)}  ${attemptText(a, from)}`)
  const rest = attempts.length - shown.length
  if (rest > 0) lines.push(`  and ${rest} more up to ${attempts.at(-1)?.port}`)
  return [headline(problem), ...lines, advice(problem.code, service)].join('\n')
}

function headline({ service, code, attempts }: ServiceProblem): string {
  const count = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`
  switch (code) {
    case 'PORTS_NO_ADDRESS':
      return `the host of "${service}" is no address of this machine.`
    case 'PORTS_DENIED':
      return `no permission to bind a port for "${service}" (${count}).`
    case 'PORTS_TAKEN':
      return `"${service}" may only use ${portList(attempts)}, and it can't be had.`
    default:
      return `no free port for "${service}" in ${portList(attempts)} (${count}).`
  }
}

function portList(attempts: readonly PortAttempt[]): string {
  const ports = attempts.map((attempt) => attempt.port)
  const [first, last] = [ports[0], ports.at(-1)]
  if (first === undefined) return 'its range'
  const consecutive = ports.every((port, index) => port === first + index)
  if (ports.length > 1 && consecutive) return `${first}-${last}`
  return ports.length <= 3 ? ports.join(', ') : `${first}, ${ports[1]} … ${last}`
}

function advice(code: PortsErrorCode, service: string): string {
  switch (code) {
    case 'PORTS_NO_ADDRESS':
      return `Set services.${service}.host (or the server's own host) to a name or address that this machine has.`
    case 'PORTS_DENIED':
      return `Ports below 1024 and ports that the system reserves need rights that this user lacks: choose another services.${service}.preferred.`
    case 'PORTS_TAKEN':
      return `Stop the process that holds it, choose another services.${service}.preferred, or turn \`strict\` off.`
    default:
      return `Widen services.${service}.range or stop one of these.`
  }
}
