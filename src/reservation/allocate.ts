import type { PortsErrorCode } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { Lease, type Obey } from '../lease/lease.ts'
import type { LeaseName } from '../lease/names.ts'
import type { BindAddress, MachineAddresses } from '../net/addresses.ts'
import { createHolder } from '../net/create-holder.ts'
import { type Endpoint, endpointOf, type EndpointParts } from '../net/endpoint.ts'
import type { ResolvedService } from '../options/resolved.ts'
import type { Candidate, ServicePlan } from '../plan/plan.ts'
import type { PortAttempt, RejectReason } from '../types.ts'
import { expectFilesLeft } from '../utils/out-of-files.ts'
import { clearPath } from './clear-path.ts'
import { checkAll, checkOthers, probe } from './port-checks.ts'
import { ask, type Steps } from './questions.ts'
import type { Found } from './found.ts'
import type { Verdict } from './judge.ts'

/** One service's part of an allocation. */
export interface ServiceRequest {
  readonly plan: ServicePlan
  readonly bound: BindAddress
  /** We bind the port and hand it over; otherwise it is leased for a server that somebody else starts. */
  readonly hold: boolean
  /** With `hold`: its server is started by us, unless one of this checkout runs already. Default `false`. */
  readonly starts?: boolean
  /** TLS or another protocol, so nobody is answered in clear text. */
  readonly secure: boolean
  /** What this service has already in this session: free for it although it is in use. */
  readonly current?: Endpoint | undefined
  /** Port of the last run. When this checkout's server still runs there, it is the service. */
  readonly remembered?: number | undefined
  /** Ports that are not preferred here; a server of this checkout that runs on one is the service, too. */
  readonly usual?: readonly number[]
}

/** What all services of an allocation share. */
export interface AllocationContext {
  readonly machine: MachineAddresses
  /** The session's checkout. */
  readonly checkout: string
  /** Services that have chosen in this allocation already, by what they chose. */
  readonly chosen: ReadonlyMap<Endpoint, ResolvedService>
  leaseName(endpoint: Endpoint): LeaseName
  describe(service: string, at: EndpointParts, state: LeaseAnswer['state']): LeaseAnswer
  /** Where a candidate of this service is. */
  locate(candidate: Candidate, service: ResolvedService): EndpointParts
  /** The process that started this one has leased it for a server of this one. */
  isLent(port: number): boolean
  /** Who carries out orders that come in through the lease. */
  obey(endpoint: Endpoint): Obey
  /** What has been met so far; shared by everything that chooses in this allocation. */
  readonly crowd: Crowd
}

/** How full it is where ports are looked for. */
export interface Crowd {
  /** Ports that were tried and in use. */
  busy: number
  /** All that are listened on; read once, when it is worth it. */
  listening?: ReadonlySet<number>
}

/**
 * The system's list of listening ports costs as much as trying some hundred of them. It is read once
 * so many were in vain.
 */
const CROWDED = 150
/** So many in vain, and the next ones are tried for before a lease is taken, which costs more. */
const BUSY = 2

/** Outcome for one service; a failure has no socket and no lease left. */
export type ServiceOutcome =
  | { readonly ok: true; readonly found: Found }
  | { readonly ok: true; readonly keep: Endpoint; readonly attempts: readonly PortAttempt[] }
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
  const looks = !request.hold || request.starts
  const running = looks ? yield* findRunning(request, context) : undefined
  if (running) {
    const { at, taken } = running
    const source = plan.service.preferred.includes(at.port) ? 'preferred' : 'sticky'
    attempts.push({ ...at, source })
    return {
      ok: true,
      found: { service, ...at, source, attempts, bound: request.bound, ...taken },
    }
  }
  for (const candidate of plan.candidates()) {
    const { source, holder } = candidate
    const at = context.locate(candidate, plan.service)
    const endpoint = endpointOf(at)
    // That the others of one entry came first is no news to anybody.
    const other = context.chosen.get(endpoint)
    if (!byWish(candidate) && !plan.strict && isSibling(other, plan.service)) continue
    const attempt: PortAttempt = { ...at, source, ...(holder && { holder }) }
    attempts.push(attempt)
    if (candidate.rejected) {
      attempt.rejected = candidate.rejected
      continue
    }
    if (endpoint === request.current) return { ok: true, keep: endpoint, attempts }
    const taken =
      (yield* passesBy(at, candidate, request, context)) ??
      (yield* tryCandidate(at, candidate, request, context))
    if (taken === 'in-use') context.crowd.busy++
    if (typeof taken === 'object') {
      return {
        ok: true,
        found: { service, ...at, source, attempts, bound: request.bound, ...taken },
      }
    }
    attempt.rejected = taken
    // Who once had it is not who has it now.
    delete attempt.holder
    // Every further candidate would meet the same wall.
    if (taken === 'no-address') return { ok: false, code: 'PORTS_NO_ADDRESS', attempts }
  }
  if (looks && plan.service.instance) {
    for (const attempt of attempts) {
      const taken = yield* takeRunning(attempt, request, context)
      if (!taken) continue
      const { rejected: _, ...at } = attempt
      const rest = attempts.filter((other) => other !== attempt)
      const all = [...rest, at]
      return { ok: true, found: { service, ...at, attempts: all, bound: request.bound, ...taken } }
    }
  }
  return { ok: false, code: failureCode(request, attempts), attempts }
}

/**
 * A port of the range that this checkout's server is on. In a range that is full otherwise it can
 * only be one of the instances, whichever was given that port before.
 */
function* takeRunning(
  { rejected, source, port, protocol }: PortAttempt,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | undefined> {
  if (source !== 'range' || (rejected !== 'in-use' && rejected !== 'leased')) return undefined
  const at = { port, ...(protocol && { protocol }) }
  const claim = claimer(at, 'leased', request, context)
  const lease = claim()
  const listens = (yield* checkAll(at, request.bound, context)) !== undefined
  const whose = yield* askWhose(at, request, context, !lease)
  if (whose === 'ours' && (listens || !lease)) {
    return { running: listens, claim, ...(lease && { lease }) }
  }
  lease?.end()
  return undefined
}

/** Why one of many that nobody asked for is not to be had, where that is found out more cheaply than by taking it. */
function* passesBy(
  at: EndpointParts,
  { source }: Candidate,
  { hold, starts, bound }: ServiceRequest,
  { crowd, isLent }: AllocationContext,
): Steps<RejectReason | undefined> {
  const { port, protocol = 'tcp' } = at
  if (crowd.busy < BUSY || source !== 'range' || protocol !== 'tcp' || isLent(port))
    return undefined
  if (crowd.busy >= CROWDED) {
    crowd.listening ??= yield* ask({ ask: 'all-listening' })
    return crowd.listening.has(port) ? 'in-use' : undefined
  }
  // Whose it is would count for a server that somebody else starts.
  return hold && !starts ? yield* probe(at, bound.address) : undefined
}

/** A port that was had, and what keeps it. */
export type Taken = Pick<Found, 'hold' | 'lease' | 'running' | 'claim' | 'lent'>

/** Takes one candidate, or says why not; then nothing of it is kept. */
export function* tryCandidate(
  at: EndpointParts,
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | RejectReason> {
  if (context.chosen.has(endpointOf(at))) return 'own-service'
  if (!request.hold) return yield* leasePort(at, candidate, request, context)
  return yield* request.starts && !context.isLent(at.port)
    ? startPort(at, candidate, request, context)
    : holdPort(at, candidate, request, context)
}

/** A server of this checkout is used as it is; where there is none the port is held for one of ours. */
function* startPort(
  at: EndpointParts,
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | RejectReason> {
  const taken = yield* leasePort(at, candidate, request, context)
  if (typeof taken === 'string' || taken.running) return taken
  const hold = yield* bindThere(at, taken.lease, request, context)
  return typeof hold === 'string' ? hold : { ...taken, hold }
}

function* holdPort(
  at: EndpointParts,
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | RejectReason> {
  const { port } = at
  const claim = claimer(at, 'held', request, context)
  const lease = claim()
  if (!lease && context.isLent(port)) return { running: false, claim, lent: true }
  if (!lease) return leasedByOther()
  const blocked = yield* clearWay(at, candidate, context)
  if (blocked) {
    lease.end()
    return blocked
  }
  const hold = yield* bindThere(at, lease, request, context)
  return typeof hold === 'string' ? hold : { hold, lease, claim, running: false }
}

/** The held socket; or why it can't be had, and then the lease is ended. */
function* bindThere(
  at: EndpointParts,
  lease: Lease | undefined,
  { bound, secure, plan }: ServiceRequest,
  context: AllocationContext,
): Steps<NonNullable<Taken['hold']> | RejectReason> {
  const { port } = at
  const hold = createHolder({ ...at, speaksHttp: !secure && plan.service.scheme === 'http' })
  const outcome = hold.bind(port, bound.address)
  if (!outcome.ok) {
    lease?.end()
    return yield* ask({ ask: 'bind-failure', port, reason: outcome.reason })
  }
  let isFree = false
  try {
    const elsewhere = yield* checkOthers(at, bound, context)
    isFree = !elsewhere
    return elsewhere ?? hold
  } finally {
    if (!isFree) {
      hold.close()
      lease?.end()
    }
  }
}

function* leasePort(
  at: EndpointParts,
  candidate: Candidate,
  request: ServiceRequest,
  context: AllocationContext,
): Steps<Taken | RejectReason> {
  const { plan } = request
  const claim = claimer(at, request.hold ? 'held' : 'leased', request, context)
  const lease = claim()
  const blocked = lease && (yield* clearWay(at, candidate, context))
  if (blocked && blocked !== 'in-use') {
    lease.end()
    return blocked
  }
  let busy: RejectReason | undefined
  if (!lease) busy = leasedByOther()
  else {
    try {
      busy = blocked ?? (yield* checkAll(at, request.bound, context))
    } catch (error) {
      lease.end()
      throw error
    }
  }
  if (!busy) return { running: false, claim, ...(lease && { lease }) }
  if (busy === 'denied') {
    // We may not bind it, but its server may be allowed to: only others' servers can make it busy.
    return { running: false, claim, ...(lease && { lease }) }
  }
  const whose = yield* askWhose(at, request, context, !lease)
  const typed = byWish(candidate)
  const recognised = typed || candidate.source === 'preferred' || candidate.source === 'sticky'
  // What a person typed is where the server is, unless it is provably another checkout's.
  const anybody = plan.service.identity === 'off' && recognised
  // Its lease says that it is this very service, wherever it is.
  const started = request.starts === true && !lease
  const ours = recognised || started
  const use = anybody || (whose === 'ours' ? ours : whose === 'unknown' && typed)
  // Another session of this checkout may wait for that server as well.
  const waits = use && !lease && !(yield* checkAll(at, request.bound, context))
  if (use) return { running: !waits, claim, ...(lease && { lease }) }
  lease?.end()
  return busy
}

/** This checkout's server where it ran last, or where it would run in the main checkout. */
export function* findRunning(
  request: ServiceRequest,
  context: AllocationContext,
): Steps<{ at: EndpointParts; taken: Taken } | undefined> {
  const { remembered, usual = [], bound, plan } = request
  const locate = (port: number): EndpointParts =>
    context.locate({ port, source: 'sticky' }, plan.service)
  if (remembered !== undefined) {
    const at = locate(remembered)
    const claim = claimer(at, 'leased', request, context)
    const lease = claim()
    const listens = (yield* checkAll(at, bound, context)) !== undefined
    const busy = !lease || listens
    const whose = busy ? yield* askWhose(at, request, context, !lease) : 'unknown'
    if (whose === 'ours') return { at, taken: { running: listens, claim, ...(lease && { lease }) } }
    lease?.end()
  }
  if (usual.length === 0) return undefined
  // The main checkout may be after them at this moment, so neither port nor lease may be tried for.
  for (const port of yield* ask({ ask: 'listening', ports: usual, address: bound.address })) {
    const at = locate(port)
    if ((yield* askWhose(at, request, context, true)) !== 'ours') continue
    const claim = claimer(at, 'leased', request, context)
    const lease = claim()
    return { at, taken: { running: true, claim, ...(lease && { lease }) } }
  }
  return undefined
}

function askWhose(
  at: EndpointParts,
  request: ServiceRequest,
  context: AllocationContext,
  leased: boolean,
): Steps<Verdict> {
  const service = request.plan.service.name
  const endpoint = endpointOf(at)
  return ask({ ask: 'whose', endpoint, checkout: context.checkout, service, leased })
}

function claimer(
  at: EndpointParts,
  state: LeaseAnswer['state'],
  request: ServiceRequest,
  context: AllocationContext,
): () => Lease | undefined {
  const service = request.plan.service.name
  const endpoint = endpointOf(at)
  const [name, obey] = [context.leaseName(endpoint), context.obey(endpoint)]
  return () => Lease.claim(name, () => context.describe(service, at, state), obey)
}

/** Why a lease was not to be had; without a file left nobody may have it. */
function leasedByOther(): RejectReason {
  expectFilesLeft('No port can be leased')
  return 'leased'
}

/** A port's way is free until a bind says otherwise; a path's has to be cleared. */
function* clearWay(
  { path }: EndpointParts,
  { socket }: Candidate,
  { machine }: AllocationContext,
): Steps<RejectReason | undefined> {
  if (path === undefined) return undefined
  return yield* clearPath(path, socket !== undefined && 'nth' in socket, machine.platform)
}

/** A person named it, for this very start. */
function byWish({ source }: Candidate): boolean {
  return source === 'typed' || source === 'env'
}

function isSibling(other: ResolvedService | undefined, service: ResolvedService): boolean {
  return other?.instance !== undefined && other.instance.of === service.instance?.of
}

/** What to call it when all these attempts were in vain. */
export function failureCode(
  request: ServiceRequest,
  attempts: readonly PortAttempt[],
): PortsErrorCode {
  const tried = attempts.filter((a) => a.rejected !== 'excluded' && a.rejected !== 'blocked')
  if (tried.length > 0 && tried.every((a) => a.rejected === 'denied')) return 'PORTS_DENIED'
  const only = request.plan.strict || request.plan.service.path !== undefined
  return only ? 'PORTS_TAKEN' : 'PORTS_RANGE_EXHAUSTED'
}
