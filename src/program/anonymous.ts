import { PortsError, type PortsErrorCode } from '../errors.ts'
import type { Range, ResolvedService } from '../options/resolved.ts'
import { resolveOptions } from '../options/resolve.ts'
import { isBlockedPort } from '../plan/blocked-ports.ts'
import type { Candidate } from '../plan/plan.ts'
import { type AllocationContext, allocateService } from '../reservation/allocate.ts'
import { attemptRows } from '../reservation/attempt-rows.ts'
import { ask, type Steps } from '../reservation/questions.ts'
import { PortReservation } from '../reservation/reservation.ts'
import type { PortAttempt } from '../types.ts'
import { forAMoment } from '../utils/for-a-moment.ts'
import type { ReserveRequest } from './reserve-options.ts'

const PRIVILEGED_BELOW = 1024
/** Lines of an error's list after which the rest is only counted. */
const MAX_LINES = 8

/** What {@link takePorts} has to know besides what is asked for. */
export interface TakeContext extends AllocationContext {
  /** Ports that the asker has already; passed over without a word. */
  isMine(port: number): boolean
  /** The kernel's range for outgoing connections, which is tried last. */
  readonly ephemeral: Range
  /** Ports that are never chosen. */
  readonly exclude: readonly Range[]
}

/**
 * Holds `count` ports of the range, lowest first, or none.
 *
 * @throws PortsError when there are not as many; says what was tried and who is there.
 */
export function* takePorts(
  request: ReserveRequest,
  context: TakeContext,
): Steps<PortReservation[]> {
  const bound = yield* ask({ ask: 'address', host: request.host })
  if (!bound) throw failure('PORTS_NO_ADDRESS', request, 0, [], context)
  const service = serviceNamed(request.label)
  const had: PortReservation[] = []
  const tried: PortAttempt[] = []
  let trail: PortAttempt[] = []
  let most = 0
  const drop = (): void => {
    for (const reservation of had.splice(0)) void reservation.release()
  }
  try {
    for (const candidate of candidatesOf(request.range, context)) {
      const { port } = candidate
      if (request.contiguous && had.length > 0 && had.at(-1)?.port !== port - 1) drop()
      const offered = { candidates: () => [candidate], blocks: () => [[candidate]] }
      const plan = { service, strict: false, key: '', ...offered }
      const outcome = yield* allocateService({ plan, bound, hold: true, secure: true }, context)
      const { attempts } = 'found' in outcome ? outcome.found : outcome
      trail.push(...attempts)
      tried.push(...attempts)
      if (outcome.ok && 'found' in outcome) {
        const found = { ...outcome.found, attempts: trail }
        had.push(new PortReservation(found, { secure: false, scheme: 'http', key: '' }))
        trail = []
      } else if (request.contiguous) drop()
      most = Math.max(most, had.length)
      if (had.length === request.count) return had
      if (!outcome.ok && outcome.code === 'PORTS_NO_ADDRESS') {
        throw failure(outcome.code, request, 0, [], context)
      }
    }
    const refused = tried.filter((attempt) => attempt.rejected !== undefined)
    const code = 'PORTS_RANGE_EXHAUSTED'
    yield* ask({ ask: 'holders', problems: [{ service: request.label, code, attempts: refused }] })
    throw failure(code, request, most, refused, context)
  } catch (error) {
    drop()
    throw error
  }
}

const serviceNamed = forAMoment<string, ResolvedService>(1000, (label) => {
  const [service] = resolveOptions({ services: { [label]: {} } }).services
  if (!service) throw new Error('a service that was asked for is always there')
  return service
})

/** The range's ports, those of the ephemeral range last: they are better than none. */
export function* candidatesOf(
  range: Range,
  context: Pick<TakeContext, 'ephemeral' | 'exclude' | 'isMine'>,
): Generator<Candidate> {
  const { ephemeral } = context
  for (const last of [false, true]) {
    for (let port = range.from; port <= range.to; port++) {
      if ((port >= ephemeral.from && port <= ephemeral.to) !== last || context.isMine(port))
        continue
      if (context.exclude.some(({ from, to }) => port >= from && port <= to)) {
        yield { port, source: 'range', rejected: 'excluded' }
      } else if (isBlockedPort(port)) yield { port, source: 'range', rejected: 'blocked' }
      else if (port < PRIVILEGED_BELOW) yield { port, source: 'range', rejected: 'privileged' }
      else yield { port, source: 'range' }
    }
  }
}

function countMine({ from, to }: Range, context: TakeContext): number {
  let mine = 0
  for (let port = from; port <= to; port++) if (context.isMine(port)) mine++
  return mine
}

function failure(
  code: PortsErrorCode,
  { count, range, label, contiguous }: ReserveRequest,
  most: number,
  attempts: readonly PortAttempt[],
  context: TakeContext,
): PortsError {
  const problems = [{ service: label, code, attempts }]
  if (code === 'PORTS_NO_ADDRESS') {
    const message = 'the host is no address of this machine. Set `host` to one that it has.'
    return new PortsError(code, message, { problems })
  }
  const rows = attemptRows(attempts, context.checkout)
  const rest = rows.length - MAX_LINES
  const inRow = contiguous && count > 1 ? ' in a row' : ''
  const had = most > 0 ? `only ${most} of ${count} ports${inRow}` : 'no port'
  const mine = countMine(range, context)
  const lines = [
    `${had} could be had in ${range.from}-${range.to} for "${label}".`,
    ...(mine > 0 ? [`  ${mine} of them are reserved by this program already`] : []),
    ...rows.slice(0, MAX_LINES).map((row) => `  ${row.ports}  ${row.text}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `Widen \`range\`${count > 1 ? ', ask for fewer' : ''} or stop one of these.`,
  ]
  return new PortsError(code, lines.join('\n'), { problems })
}
