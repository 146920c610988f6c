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
 * again comes back at the end: the oldest claim first, this root's own services last.
 */
export function* candidates(input: CandidateInput): Generator<Candidate> {
  const seen = new Set<number>()
  const claimed: { offer: Offer; claim: Claim }[] = []
  const siblings: Offer[] = []
  for (const offer of offers(input)) {
    const { port, source } = offer
    if (seen.has(port)) continue
    seen.add(port)
    const rejected = reject(port, source, input)
    const claim = rejected ? undefined : claimOn(offer, input)
    if (!rejected && isSiblings(offer, input)) {
      siblings.push(offer)
      yield { port, source, rejected: 'own-service' }
    } else if (claim) {
      claimed.push({ offer, claim })
      yield { port, source, rejected: 'claimed', holder: claimHolder(claim) }
    } else {
      yield rejected ? { port, source, rejected } : { port, source }
    }
  }
  claimed.sort((a, b) => a.claim.at - b.claim.at)
  for (const { offer, claim } of claimed) yield { ...offer, holder: claimHolder(claim) }
  yield* siblings
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
  return !rangeGiven || isIn(port, [range])
}

/** Another service of this root had it. Whoever names a port in the options wants it nevertheless. */
function isSiblings({ port, source }: Offer, { siblings }: CandidateInput): boolean {
  return (source === 'range' || source === 'any') && siblings.has(port)
}

/** Another root's claim, where that is a reason to look for another port first. */
function claimOn({ port, source }: Offer, input: CandidateInput): Claim | undefined {
  const { service, strict, checkout } = input
  // Named for this very start, this root's own past as well, or allowed as the only one.
  if (source === 'typed' || source === 'env' || port === input.sticky) return undefined
  if (strict && service.preferred.length > 0) return undefined
  const claim = input.claims(service.protocol).get(port)
  if (claim?.checkout !== checkout || claim.service !== service.name) return claim
  // Any number of roots of one checkout talk to the same API, but only one of them can be it.
  const shared = service.kind === 'external' && !(input.holds && claim.held)
  return shared ? undefined : claim
}

function reject(port: number, source: PortSource, input: CandidateInput): RejectReason | undefined {
  const byNumber = source === 'typed' || source === 'env' || source === 'preferred'
  if (input.service.browser && isBlockedPort(port)) return 'blocked'
  if (source !== 'typed' && source !== 'env' && isIn(port, input.exclude)) return 'excluded'
  if (byNumber) return undefined
  if (port < PRIVILEGED_BELOW) return 'privileged'
  if (port >= input.ephemeral.from && port <= input.ephemeral.to) return 'ephemeral'
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

function isIn(port: number, ranges: readonly Range[]): boolean {
  return ranges.some((range) => port >= range.from && port <= range.to)
}
