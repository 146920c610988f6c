import type { Range, ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { PortHolder, PortSource, Protocol, RejectReason } from '../types.ts'
import { type CandidateInput, candidates } from './candidates.ts'

/** A port that a person asked for by number, outside the options. */
export interface Wish {
  readonly port: number
  readonly source: 'typed' | 'env'
  /** Where it was said, for people: `--port`, `API_PORT`, `API_PORT in .env`. */
  readonly from: string
}

/** A port that another root had in its last run. */
export interface Claim {
  readonly port: number
  readonly service: string
  readonly root: string
  readonly checkout: string
  readonly branch?: string | undefined
  /** That root's own process listened there, not a server that somebody else starts. */
  readonly held?: boolean
  /** When that root last used it, in milliseconds since 1970. The oldest claim is given up first. */
  readonly at: number
}

/** What the planner knows of the machine and of the past; nothing in it is looked up here. */
export interface PlanFacts {
  /** By service, in the order they count. */
  readonly wishes: Readonly<Record<string, readonly Wish[]>>
  /** Last run's ports by service, also of services that are not part of this plan. */
  readonly sticky: Readonly<Record<string, number>>
  /** Ports of other roots; not asked before a port is offered that this root neither typed nor had. */
  claims(protocol: Protocol): ReadonlyMap<number, Claim>
  /** The root's checkout; its roots share the ports of servers that somebody else starts. */
  readonly checkout: string
  /** A program plans, which listens on every service itself. */
  readonly holds: boolean
  /** The root lies in a linked git worktree, which leaves the preferred ports to the main one. */
  readonly linked: boolean
  /** What `'hash'` starts from: names the root in a way that is the same on every machine. */
  readonly seed: string
  /** From 0 up to, but not including, 1. */
  random(): number
  /** Ports that the kernel gives to outgoing connections. */
  readonly ephemeral: Range
}

/** The facts of a root that has no past and is no linked worktree. */
export const NO_PAST: Omit<PlanFacts, 'wishes' | 'ephemeral'> = {
  sticky: {},
  claims: () => new Map(),
  checkout: '',
  holds: false,
  linked: false,
  seed: '',
  random: Math.random,
}

/** One port to try. With `rejected` it is not tried, only remembered for the explanation. */
export interface Candidate {
  readonly port: number
  readonly source: PortSource
  readonly rejected?: RejectReason
  /** Who has a claim on it. */
  readonly holder?: PortHolder
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

/** A kernel range that begins lower than this was widened by hand and would leave hardly a port to choose. */
const WIDENED_BELOW = 10_000
const USUAL_EPHEMERAL_FROM = 32_768

/**
 * The candidates of every service, in order: typed or set by a variable, preferred, sticky, range,
 * with no range given any free port, and last what other roots have a claim on. `strict` stops
 * after the preferred ones. A linked worktree tries the preferred ones after the range.
 */
export function planPorts(options: ResolvedOptions, facts: PlanFacts): AllocationPlan {
  const ephemeral = usableEphemeral(facts.ephemeral)
  return options.services.map((service) => {
    const strict = service.strict ?? options.strict ?? false
    const strategy = service.strategy ?? options.strategy ?? (facts.linked ? 'hash' : 'sequential')
    const input: CandidateInput = {
      service,
      strict,
      strategy,
      wishes: facts.wishes[service.name] ?? [],
      sticky: facts.sticky[service.name],
      siblings: siblingsOf(service, facts),
      claims: facts.claims,
      checkout: facts.checkout,
      holds: facts.holds,
      linked: facts.linked,
      seed: `${facts.seed}\0${service.name}`,
      random: facts.random,
      exclude: options.exclude,
      ephemeral,
    }
    return { service, strict, key: keyOf(input), candidates: () => candidates(input) }
  })
}

/** The ports that the root's other services had. */
function siblingsOf({ name }: ResolvedService, { sticky }: PlanFacts): ReadonlySet<number> {
  return new Set(Object.keys(sticky).flatMap((key) => (key === name ? [] : (sticky[key] ?? []))))
}

/** What a person could change; memory is not in it, or every run would differ from the one before. */
function keyOf({ service, strict, strategy, wishes, exclude }: CandidateInput): string {
  return JSON.stringify([
    wishes.map((wish) => wish.port),
    service.preferred,
    service.range,
    service.rangeGiven,
    service.protocol,
    service.path,
    strict,
    strategy,
    exclude,
  ])
}

function usableEphemeral(range: Range): Range {
  return range.from < WIDENED_BELOW ? { from: USUAL_EPHEMERAL_FROM, to: range.to } : range
}
