import { instanceName } from '../options/instances.ts'
import { MIN_PORT } from '../options/ranges.ts'
import type {
  Range,
  ResolvedOptions,
  ResolvedService,
  ServiceInstance,
} from '../options/resolved.ts'
import type { PortHolder, PortSource, Protocol, RejectReason } from '../types.ts'
import { type CandidateInput, candidates } from './candidates.ts'
import { type SocketName, socketCandidates } from './socket-names.ts'

/** A port that a person asked for by number, outside the options. */
export interface Wish {
  /** `0` with a path. */
  readonly port: number
  /** With `protocol: 'unix'`. */
  readonly path?: string
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
  /** `0` with a socket. */
  readonly port: number
  /** With `protocol: 'unix'`. */
  readonly socket?: SocketName
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
  /** Of a block, the candidates of all its services, in their order; the same with each of them. */
  blocks(): Iterable<readonly Candidate[]>
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
      wishes: wishesFor(service, facts.wishes),
      // A block is where its first port is.
      sticky: facts.sticky[isBlock(service) ? service.instance.of : service.name],
      size: isBlock(service) ? service.instance.count : 1,
      siblings: siblingsOf(service, facts),
      claims: facts.claims,
      checkout: facts.checkout,
      holds: facts.holds,
      linked: facts.linked,
      // The ports of one entry are looked for in one place, so that they lie close together.
      seed: `${facts.seed}\0${service.instance?.of ?? service.name}`,
      random: facts.random,
      exclude: options.exclude,
      ephemeral,
    }
    const ports = (): Iterable<readonly Candidate[]> => candidates(input)
    const offered =
      service.protocol === 'unix' ? () => socketCandidates(input) : () => flat(ports())
    return { service, strict, key: keyOf(input), candidates: offered, blocks: ports }
  })
}

/** Whether the service is one of several that must have ports in a row. */
export function isBlock(
  service: ResolvedService,
): service is ResolvedService & { instance: ServiceInstance } {
  return service.instance?.contiguous ?? false
}

/** Whoever names the port of any service of a block says where the block is. */
function wishesFor(service: ResolvedService, wishes: PlanFacts['wishes']): readonly Wish[] {
  if (!isBlock(service)) return wishes[service.name] ?? []
  const { of, count } = service.instance
  return Array.from({ length: count }, (_, index) =>
    (wishes[instanceName(of, index + 1)] ?? []).map((wish) => ({
      ...wish,
      port: wish.port - index,
    })),
  )
    .flat()
    .filter(({ port }) => port >= MIN_PORT)
}

function* flat<T>(lists: Iterable<readonly T[]>): Generator<T> {
  for (const list of lists) yield* list
}

/** The ports that the root's other services had. */
function siblingsOf(service: ResolvedService, { sticky }: PlanFacts): ReadonlySet<number> {
  const isOwn = (name: string): boolean =>
    name === service.name || (isBlock(service) && isMember(name, service.instance))
  return new Set(Object.keys(sticky).flatMap((name) => (isOwn(name) ? [] : (sticky[name] ?? []))))
}

function isMember(name: string, { of, count }: ServiceInstance): boolean {
  return Array.from({ length: count }, (_, index) => instanceName(of, index + 1)).includes(name)
}

/** What a person could change; memory is not in it, or every run would differ from the one before. */
function keyOf({ service, strict, strategy, wishes, exclude, size }: CandidateInput): string {
  return JSON.stringify([
    wishes.map((wish) => wish.path ?? wish.port),
    service.preferred,
    service.range,
    service.rangeGiven,
    service.protocol,
    service.path,
    strict,
    strategy,
    exclude,
    size,
  ])
}

function usableEphemeral(range: Range): Range {
  return range.from < WIDENED_BELOW ? { from: USUAL_EPHEMERAL_FROM, to: range.to } : range
}
