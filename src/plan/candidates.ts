import { instanceName } from '../options/instances.ts'
import { isInRange, MAX_PORT } from '../options/ranges.ts'
import type { Range, ResolvedService } from '../options/resolved.ts'
import type { PortHolder, PortSource, RejectReason, Strategy } from '../types.ts'
import { isBlockedPort } from './blocked-ports.ts'
import type { Candidate, Claim, PlanFacts, Wish } from './plan.ts'
import { orderPorts } from './strategies.ts'

/** Everything that decides the order for one service. */
export interface CandidateInput extends Pick<
  PlanFacts,
  'claims' | 'checkout' | 'holds' | 'linked' | 'seed' | 'random'
> {
  readonly service: ResolvedService
  readonly strict: boolean
  readonly strategy: Strategy
  readonly wishes: readonly Wish[]
  readonly sticky: number | undefined
  /** Last run's ports of the root's other services, which they are going to ask for again. */
  readonly siblings: ReadonlySet<number>
  readonly exclude: readonly Range[]
  readonly ephemeral: Range
  /** Ports in a row that are wanted. */
  readonly size: number
}

const PRIVILEGED_BELOW = 1024
/** Where "any free port" is looked for: above most servers' defaults, below the usual ephemeral range. */
const ANYWHERE: Range = { from: 20_000, to: 32_767 }

interface Offer {
  readonly port: number
  readonly source: PortSource
}

/**
 * The ports to try for one service, each once. One that another service or root is going to ask for
 * again comes back at the end: the oldest claim first, this root's own services last. Of a block,
 * each candidate is the ports in a row, and its fate is the worst of theirs.
 */
export function* candidates(input: CandidateInput): Generator<readonly Candidate[]> {
  const seen = new Set<number>()
  const claimed: { block: readonly Candidate[]; at: number }[] = []
  const siblings: (readonly Candidate[])[] = []
  for (const offer of offers(input)) {
    if (seen.has(offer.port) || !fits(offer, input)) continue
    seen.add(offer.port)
    const block = Array.from({ length: input.size }, (_, index) => ({
      ...offer,
      port: offer.port + index,
    }))
    const judged = block.map((member): Candidate => {
      const rejected = reject(member.port, member.source, input)
      return rejected ? { ...member, rejected } : member
    })
    if (judged.some(({ rejected }) => rejected)) {
      yield judged
      continue
    }
    if (block.some((member) => isSiblings(member, input))) {
      siblings.push(block)
      yield block.map((member) =>
        isSiblings(member, input) ? { ...member, rejected: 'own-service' } : member,
      )
      continue
    }
    const claims = block.map((member, index) => claimOn(member, nameOf(index, input), input))
    const latest = Math.max(...claims.map((claim) => claim?.at ?? Number.NEGATIVE_INFINITY))
    if (latest === Number.NEGATIVE_INFINITY) {
      yield block
      continue
    }
    const held = block.map((member, index): Candidate => {
      const claim = claims[index]
      return claim ? { ...member, holder: claimHolder(claim) } : member
    })
    claimed.push({ block: held, at: latest })
    yield held.map((member) => (member.holder ? { ...member, rejected: 'claimed' } : member))
  }
  claimed.sort((a, b) => a.at - b.at)
  for (const { block } of claimed) yield block
  yield* siblings
}

/** Name of the service that gets this port of a block. */
function nameOf(index: number, { service, size }: CandidateInput): string {
  return size === 1 ? service.name : instanceName(service.instance?.of ?? service.name, index + 1)
}

/** A block that would leave the range is no block of it; one that was named by number may. */
function fits({ port, source }: Offer, { service, size }: CandidateInput): boolean {
  const last = port + size - 1
  const byNumber = source !== 'range' && source !== 'any'
  const end = byNumber ? MAX_PORT : source === 'any' ? ANYWHERE.to : service.range.to
  return last <= end
}

function* offers(input: CandidateInput): Generator<Offer> {
  const { service, strict, wishes, sticky } = input
  for (const wish of wishes) yield { port: wish.port, source: wish.source }
  const preferred = service.preferred.map((port): Offer => ({ port, source: 'preferred' }))
  const first = strict || !input.linked
  if (first) yield* preferred
  if (strict && wishes.length + preferred.length > 0) return
  if (sticky !== undefined && mayRemember(sticky, service)) yield { port: sticky, source: 'sticky' }
  const { preferred: skipped } = service
  for (const port of orderPorts(service.range, input)) {
    if (first || !skipped.includes(port)) yield { port, source: 'range' }
  }
  if (!first) yield* preferred
  if (service.rangeGiven) return
  for (const port of orderPorts(ANYWHERE, input)) yield { port, source: 'any' }
}

/** A range that was written since the last run counts more than what was remembered before. */
function mayRemember(port: number, { range, rangeGiven }: ResolvedService): boolean {
  return !rangeGiven || isInRange(port, range)
}

/** Another service of this root had it. Whoever names a port in the options wants it nevertheless. */
function isSiblings({ port, source }: Offer, { siblings }: CandidateInput): boolean {
  return (source === 'range' || source === 'any') && siblings.has(port)
}

/** The root had it in its last run, for this service or its block. */
function isOwn(port: number, { sticky, size }: CandidateInput): boolean {
  return sticky !== undefined && port >= sticky && port < sticky + size
}

/** Another root's claim, where that is a reason to look for another port first. */
function claimOn({ port, source }: Offer, name: string, input: CandidateInput): Claim | undefined {
  const { service, strict, checkout } = input
  // Named for this very start, this root's own past as well, or allowed as the only one.
  if (source === 'typed' || source === 'env' || isOwn(port, input)) return undefined
  if (strict && service.preferred.length > 0) return undefined
  const claim = input.claims(service.protocol).get(port)
  if (claim?.checkout !== checkout || claim.service !== name) return claim
  // Any number of roots of one checkout talk to the same API, but only one of them can be it.
  const shared = service.kind === 'external' && !(input.holds && claim.held)
  return shared ? undefined : claim
}

function reject(port: number, source: PortSource, input: CandidateInput): RejectReason | undefined {
  const byNumber = source === 'typed' || source === 'env' || source === 'preferred'
  if (input.service.browser && isBlockedPort(port)) return 'blocked'
  if (
    source !== 'typed' &&
    source !== 'env' &&
    input.exclude.some((range) => isInRange(port, range))
  )
    return 'excluded'
  if (byNumber) return undefined
  if (port < PRIVILEGED_BELOW) return 'privileged'
  if (isInRange(port, input.ephemeral)) return 'ephemeral'
  return undefined
}

function claimHolder({ port, service, root, checkout, branch, at }: Claim): PortHolder {
  return {
    port,
    via: 'memory',
    service,
    root,
    checkout,
    ...(branch && { branch }),
    since: new Date(at).toISOString(),
  }
}
