import { endpointOf } from '../net/endpoint.ts'
import type { Candidate } from '../plan/plan.ts'
import type { PortAttempt, RejectReason } from '../types.ts'
import {
  type AllocationContext,
  failureCode,
  findRunning,
  type ServiceOutcome,
  type ServiceRequest,
  type Taken,
  tryCandidate,
} from './allocate.ts'
import type { Steps } from './questions.ts'

/**
 * Two processes that each have a part of a block let go of it again, but by then each may have
 * passed over the other's part: what was leased is tried once more before giving up.
 */
const PASSES = 2

/** One port of a block: what it is for, how it was tried so far, and what came of it. */
interface Member {
  readonly request: ServiceRequest
  readonly attempts: PortAttempt[]
}

type Had = Taken | 'kept'

/**
 * Like `allocateService`, for services whose ports must be in a row: a block is had as a whole, and
 * what was taken of one that failed is let go at once.
 *
 * @returns One outcome for each request, in their order; all of them are `ok` or none. A failure's
 * attempts are the ports that stood in the way, whichever service met them.
 */
export function* allocateBlock(
  requests: readonly ServiceRequest[],
  context: AllocationContext,
): Steps<ServiceOutcome[]> {
  const members = requests.map((request): Member => ({ request, attempts: [] }))
  // A port that is taken stands in the way of every block around it; asking once is enough.
  const refused = new Map<number, RejectReason>()
  const obstacles = new Map<number, PortAttempt>()
  for (let pass = 0; pass < PASSES; pass++) {
    for (const block of yield* blocksOf(requests, context)) {
      const had = yield* takeBlock(block, members, refused, context)
      if (had) return members.map((member, index) => outcomeOf(member, had[index] as Had))
      for (const { attempts } of members) {
        const last = attempts.at(-1)
        if (last?.rejected && last.rejected !== 'broken-block') obstacles.set(last.port, last)
      }
    }
    const passing = [...refused].filter(([, reason]) => reason === 'leased')
    if (passing.length === 0) break
    for (const [port] of passing) refused.delete(port)
  }
  const attempts = [...obstacles.values()].toSorted((a, b) => a.port - b.port)
  return requests.map((request) => ({
    ok: false,
    code: failureCode(request, attempts),
    attempts,
  }))
}

/** The planned blocks; before them the one of the last run, when a server of it still runs there. */
function* blocksOf(
  requests: readonly ServiceRequest[],
  context: AllocationContext,
): Steps<Iterable<readonly Candidate[]>> {
  const planned = requests[0]?.plan.blocks() ?? []
  const ports = requests.flatMap(({ remembered, hold }) => (hold ? [] : (remembered ?? [])))
  const first = ports[0]
  const inARow = ports.every((port, index) => port === (first ?? 0) + index)
  if (first === undefined || ports.length < requests.length || !inARow) return planned
  for (const [index, request] of requests.entries()) {
    const there = { ...request, remembered: first + index, usual: [] }
    const running = yield* findRunning(there, context)
    running?.taken.lease?.end()
    if (!running) continue
    const source = request.plan.service.preferred.includes(first) ? 'preferred' : 'sticky'
    return chain<readonly Candidate[]>([ports.map((port) => ({ port, source }))], planned)
  }
  return planned
}

function* takeBlock(
  block: readonly Candidate[],
  members: readonly Member[],
  refused: Map<number, RejectReason>,
  context: AllocationContext,
): Steps<Had[] | undefined> {
  const had: Had[] = []
  // What needs no asking first, so that nothing is taken in vain.
  const known = block.findIndex(({ port, rejected }) => rejected ?? refused.get(port))
  if (known >= 0) {
    const { port, source, holder, rejected } = block[known] as Candidate
    note(members[known], { port, source, ...(holder && { holder }) }, rejected ?? refused.get(port))
    return undefined
  }
  for (const [index, candidate] of block.entries()) {
    const member = members[index] as Member
    const at = context.locate(candidate, member.request.plan.service)
    const taken: Had | RejectReason =
      endpointOf(at) === member.request.current
        ? 'kept'
        : yield* tryCandidate(at, candidate, member.request, context)
    const failed = typeof taken === 'string' && taken !== 'kept'
    note(member, { ...candidate, ...at }, failed ? taken : undefined)
    if (!failed) {
      had.push(taken)
      continue
    }
    refused.set(candidate.port, taken)
    letGo(had)
    for (const { attempts } of members.slice(0, index)) {
      const last = attempts.at(-1)
      if (last) last.rejected = 'broken-block'
    }
    return undefined
  }
  return had
}

function note(
  member: Member | undefined,
  { port, protocol, source, holder }: PortAttempt,
  rejected: RejectReason | undefined,
): void {
  member?.attempts.push({
    port,
    ...(protocol && { protocol }),
    source,
    ...(rejected && { rejected }),
    ...(holder && { holder }),
  })
}

function letGo(had: readonly Had[]): void {
  for (const taken of had) {
    if (taken === 'kept') continue
    taken.hold?.close()
    taken.lease?.end()
  }
}

function outcomeOf({ request, attempts }: Member, had: Had): ServiceOutcome {
  const { port, protocol, source } = attempts.at(-1) as PortAttempt
  const at = { port, ...(protocol && { protocol }) }
  if (had === 'kept') return { ok: true, keep: endpointOf(at), attempts }
  const service = request.plan.service.name
  return { ok: true, found: { service, ...at, source, attempts, bound: request.bound, ...had } }
}

function* chain<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list
}
