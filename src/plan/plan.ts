import type { Range, ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { PortSource, RejectReason } from '../types.ts'
import { isBlockedPort } from './blocked-ports.ts'

/** A port that a person asked for by number, outside the options. */
export interface Wish {
  readonly port: number
  readonly source: 'typed' | 'env'
  /** Where it was said, for people: `--port`, `API_PORT`, `API_PORT in .env`. */
  readonly from: string
}

/** What the planner knows of the machine and of the past; nothing in it is looked up here. */
export interface PlanFacts {
  /** By service, in the order they count. */
  readonly wishes: Readonly<Record<string, readonly Wish[]>>
  /** Last run's ports by service. */
  readonly sticky: Readonly<Record<string, number>>
  /** Ports that the kernel gives to outgoing connections. */
  readonly ephemeral: Range
}

/** One port to try. With `rejected` it is not tried, only remembered for the explanation. */
export interface Candidate {
  readonly port: number
  readonly source: PortSource
  readonly rejected?: RejectReason
}

/** The ordered candidates of one service; nothing is bound yet. */
export interface ServicePlan {
  readonly service: ResolvedService
  readonly strict: boolean
  /** Lazy, because a range may hold tens of thousands of ports and mostly the first is taken. */
  candidates(): Iterable<Candidate>
  /** Equal keys choose alike, so a restart with an equal key keeps its port. */
  readonly key: string
}

export type AllocationPlan = readonly ServicePlan[]

const PRIVILEGED_BELOW = 1024
/** Where "any free port" is looked for: above most servers' defaults, below the usual ephemeral range. */
const ANYWHERE: Range = { from: 20_000, to: 32_767 }
/** A kernel range that begins lower than this was widened by hand and would leave hardly a port to choose. */
const WIDENED_BELOW = 10_000
const USUAL_EPHEMERAL_FROM = 32_768

/**
 * The candidates of every service, in order: typed or set by a variable, preferred, sticky, range,
 * and with no range given any free port. `strict` stops after the preferred ones.
 */
export function planPorts(options: ResolvedOptions, facts: PlanFacts): AllocationPlan {
  const ephemeral = usableEphemeral(facts.ephemeral)
  return options.services.map((service) => {
    const strict = service.strict ?? options.strict ?? false
    const wishes = facts.wishes[service.name] ?? []
    const sticky = facts.sticky[service.name]
    const { exclude } = options
    return {
      service,
      strict,
      key: JSON.stringify([
        wishes.map((w) => w.port),
        service.preferred,
        service.range,
        service.rangeGiven,
        strict,
        exclude,
      ]),
      candidates: () => candidates({ service, strict, wishes, sticky, exclude, ephemeral }),
    }
  })
}

interface CandidateInput {
  service: ResolvedService
  strict: boolean
  wishes: readonly Wish[]
  sticky: number | undefined
  exclude: readonly Range[]
  ephemeral: Range
}

function* candidates(input: CandidateInput): Generator<Candidate> {
  const { service, strict, wishes, sticky } = input
  const seen = new Set<number>()
  const offer = function* (source: PortSource, port: number): Generator<Candidate> {
    if (seen.has(port)) return
    seen.add(port)
    const rejected = reject(port, source, input)
    yield rejected ? { port, source, rejected } : { port, source }
  }
  for (const wish of wishes) yield* offer(wish.source, wish.port)
  for (const port of service.preferred) yield* offer('preferred', port)
  if (strict && seen.size > 0) return
  if (sticky !== undefined) yield* offer('sticky', sticky)
  for (let port = service.range.from; port <= service.range.to; port++) yield* offer('range', port)
  if (service.rangeGiven) return
  for (let port = ANYWHERE.from; port <= ANYWHERE.to; port++) yield* offer('any', port)
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

function isIn(port: number, ranges: readonly Range[]): boolean {
  return ranges.some((range) => port >= range.from && port <= range.to)
}

function usableEphemeral(range: Range): Range {
  return range.from < WIDENED_BELOW ? { from: USUAL_EPHEMERAL_FROM, to: range.to } : range
}
