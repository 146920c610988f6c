import { createServer } from 'node:net'
import type { PortsErrorCode } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { Lease, type Obey } from '../lease/lease.ts'
import type { LeaseName } from '../lease/names.ts'
import { addressesToCheck, type BindAddress, type MachineAddresses } from '../net/addresses.ts'
import { bind, type BindFailure } from '../net/bind.ts'
import { Hold } from '../net/hold.ts'
import type { Candidate, ServicePlan } from '../plan/plan.ts'
import type { PortAttempt } from '../types.ts'
import { ask, type Steps } from './questions.ts'
import type { Found } from './reservation.ts'
import type { Verdict } from './whose.ts'

/** One service's part of an allocation. */
export interface ServiceRequest {
  readonly plan: ServicePlan
  readonly bound: BindAddress
  /** We bind the port and hand it over; otherwise it is leased for a server that somebody else starts. */
  readonly hold: boolean
  /** TLS or another protocol, so nobody is answered in clear text. */
  readonly secure: boolean
  /** A port that this service has already in this session: free for it although it is in use. */
  readonly current?: number | undefined
  /** When this checkout's server runs on one of these already, that is the service. */
  readonly mayRun?: readonly number[]
}

/** What all services of an allocation share. */
export interface AllocationContext {
  readonly machine: MachineAddresses
  /** The session's checkout. */
  readonly checkout: string
  leaseName(port: number): LeaseName
  describe(service: string, port: number, state: LeaseAnswer['state']): LeaseAnswer
  /** The process that started this one has leased it for a server of this one. */
  isLent(port: number): boolean
  /** Who carries out orders that come in through the port's lease. */
  obey(port: number): Obey
}

/** Outcome for one service; a failure has no socket and no lease left. */
export type ServiceOutcome =
  | { readonly ok: true; readonly found: Found }
  | { readonly ok: true; readonly keep: number; readonly attempts: readonly PortAttempt[] }
  | {
      readonly ok: false
      readonly code: PortsErrorCode
      readonly attempts: readonly PortAttempt[]
    }

/** Tries the candidates in order until one is held (or leased) and stands on no other listener's ground. */
export function* allocateService(
  request: ServiceRequest,
  context: AllocationContext,
): Steps<ServiceOutcome> {
  const attempts: PortAttempt[] = []
  const { plan } = request
  const service = plan.service.name
  for (const port of request.hold ? [] : (request.mayRun ?? [])) {
    const running = yield* findRunning(port, request, context)
    if (running) {
      const source = plan.service.preferred.includes(port) ? 'preferred' : 'sticky'
      attempts.push({ port, source })
      const chosen = { service, port, source, attempts } as const
      return { ok: true, found: { ...chosen, bound: request.bound, ...running } }
    }
  }
  for (const candidate of plan.candidates()) {
    const { port, source, holder } = candidate
    const attempt: PortAttempt = { port, source, ...(holder && { holder }) }
    attempts.push(attempt)
    if (candidate.rejected) {
      attempt.rejected = candidate.rejected
      continue
    }
    if (candidate.port === request.current) {
      return { ok: true, keep: candidate.port, attempts }
    }
    const taken = yield* request.hold
      ? holdPort(candidate, request, context)
      : leasePort(candidate, request, context)
    if (typeof taken === 'object') {
      const { port, source } = candidate
      return {
        ok: true,
        found: { service, port, source, attempts, bound: request.bound, ...taken },
      }
    }
    attempt.rejected = taken
    // Who once had it is not who has it now.
    delete attempt.holder
    // Every further candidate would meet the same wall.
    if (taken === 'no-address') return { ok: false, code: 'PORTS_NO_ADDRESS', attempts }
  }
  return { ok: false, code: failureCode(request, attempts), attempts }
}

type Taken = Pick<Found, 'hold' | 'lease' | 'running' | 'claim' | 'lent'>
type Refusal = NonNullable<PortAttempt['rejected']>

function* holdPort(
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | Refusal> {
  const { port } = candidate
  const claim = claimer(port, 'held', request, context)
  const lease = claim()
  if (!lease && context.isLent(port)) return { running: false, claim, lent: true }
  if (!lease) return 'leased'
  const hold = new Hold({ speaksHttp: !request.secure })
  const bound = hold.bind(port, request.bound.address)
  if (!bound.ok) {
    lease.end()
    return yield* ask({ ask: 'bind-failure', port, reason: bound.reason })
  }
  const elsewhere = yield* checkOthers(port, request.bound, context)
  if (!elsewhere) return { hold, lease, claim, running: false }
  hold.close()
  lease.end()
  return elsewhere
}

function* leasePort(
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | Refusal> {
  const { port } = candidate
  const { plan } = request
  const claim = claimer(port, 'leased', request, context)
  const lease = claim()
  const busy = lease ? yield* checkAll(port, request.bound, context) : ('leased' as const)
  if (!busy) return { running: false, claim, ...(lease && { lease }) }
  if (busy === 'denied') {
    // We may not bind it, but its server may be allowed to: only others' servers can make it busy.
    return { running: false, claim, ...(lease && { lease }) }
  }
  const whose = yield* askWhose(port, request, context, !lease)
  const typed = candidate.source === 'typed' || candidate.source === 'env'
  const recognised = typed || candidate.source === 'preferred' || candidate.source === 'sticky'
  // What a person typed is where the server is, unless it is provably another checkout's.
  const anybody = plan.service.identity === 'off' && recognised
  const use = anybody || (whose === 'ours' ? recognised : whose === 'unknown' && typed)
  if (use) return { running: true, claim, ...(lease && { lease }) }
  lease?.end()
  return busy
}

function* findRunning(
  port: number,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | undefined> {
  const claim = claimer(port, 'leased', request, context)
  const lease = claim()
  const busy = !lease || (yield* checkAll(port, request.bound, context))
  if (busy) {
    const whose = yield* askWhose(port, request, context, !lease)
    if (whose === 'ours') return { running: true, claim, ...(lease && { lease }) }
  }
  lease?.end()
  return undefined
}

function askWhose(
  port: number,
  request: ServiceRequest,
  context: AllocationContext,
  leased: boolean,
): Steps<Verdict> {
  const service = request.plan.service.name
  return ask({ ask: 'whose', port, checkout: context.checkout, service, leased })
}

function claimer(
  port: number,
  state: LeaseAnswer['state'],
  request: ServiceRequest,
  context: AllocationContext,
): () => Lease | undefined {
  const service = request.plan.service.name
  const describe = (): LeaseAnswer => context.describe(service, port, state)
  return () => Lease.claim(context.leaseName(port), describe, context.obey(port))
}

function* checkOthers(
  port: number,
  bound: BindAddress,
  context: Pick<AllocationContext, 'machine'>,
): Steps<BindFailure | undefined> {
  for (const address of addressesToCheck(bound, context.machine)) {
    const failure = yield* probe(port, address)
    if (failure && failure !== 'no-address') return failure
  }
  return undefined
}

/** Why a server can't have `port` there, on this address or another one that `localhost` may mean. */
export function* checkAll(
  port: number,
  bound: BindAddress,
  context: Pick<AllocationContext, 'machine'>,
): Steps<BindFailure | undefined> {
  const failure = yield* probe(port, bound.address)
  return failure ?? (yield* checkOthers(port, bound, context))
}

function* probe(port: number, address: string | undefined): Steps<BindFailure | undefined> {
  const server = createServer()
  const outcome = bind(server, port, address)
  if (!outcome.ok) return yield* ask({ ask: 'bind-failure', port, reason: outcome.reason })
  server.close()
  return undefined
}

function failureCode(request: ServiceRequest, attempts: readonly PortAttempt[]): PortsErrorCode {
  const tried = attempts.filter((a) => a.rejected !== 'excluded' && a.rejected !== 'blocked')
  if (tried.length > 0 && tried.every((a) => a.rejected === 'denied')) return 'PORTS_DENIED'
  return request.plan.strict ? 'PORTS_TAKEN' : 'PORTS_RANGE_EXHAUSTED'
}
