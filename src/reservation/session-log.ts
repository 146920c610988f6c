import type { ServiceProblem } from '../errors.ts'
import { endpointText } from '../net/endpoint.ts'
import type { PortReservation } from './reservation.ts'
import type { Move } from './session-use.ts'
import { Histogram } from '../utils/histogram.ts'
import { isFallback } from '../plan/fallback.ts'
import type { PortAttempt, PortSource, RejectReason } from '../types.ts'

/** Something that happened in a session. */
export interface SessionEvent {
  /** Counted from 1 in its session. */
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: 'allocated' | 'exhausted' | 'moved' | 'released' | 'health' | 'warning' | 'action'
  /** Whose; absent when it is about no single service. */
  readonly service?: string
  /** For people. May name other checkouts. */
  readonly text: string
}

/** How often what happened, since the session began. */
export interface SessionTally {
  /** Ports that were had, by how they were chosen. */
  readonly allocations: Map<PortSource, number>
  /** Of these, services that had wished for another port. */
  fallbacks: number
  /** Candidates that somebody else had, by the reason. */
  readonly conflicts: Map<RejectReason, number>
  /** Services that no port could be had for. */
  exhausted: number
  moves: number
  /** Durations of the probes that succeeded, in seconds, by service. */
  readonly probes: Map<string, Histogram>
}

/** Bounds of {@link SessionTally.probes}: what is quick on this machine, up to what nobody waits for. */
const PROBE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** Events that are kept. */
const MAX_EVENTS = 100
/** Reasons for which a candidate is somebody else's. */
const TAKEN: ReadonlySet<RejectReason> = new Set(['in-use', 'leased', 'claimed'])

/** What happened in a session, for whoever looks later. Costs a few additions, so it is always kept. */
export class SessionLog {
  /** Told of each event; must not throw. */
  readonly listeners = new Set<(event: SessionEvent) => void>()
  readonly tally: SessionTally = {
    allocations: new Map(),
    fallbacks: 0,
    conflicts: new Map(),
    exhausted: 0,
    moves: 0,
    probes: new Map(),
  }
  readonly #events: SessionEvent[] = []
  #lastId = 0

  /** The latest events, the oldest first; at most a hundred. */
  get events(): readonly SessionEvent[] {
    return this.#events
  }

  /** Keeps an event and tells of it. */
  note(kind: SessionEvent['kind'], text: string, service?: string): void {
    const event = {
      id: ++this.#lastId,
      at: Date.now(),
      kind,
      text,
      ...(service !== undefined && { service }),
    }
    this.#events.push(event)
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
    for (const tell of this.listeners) tell(event)
  }

  /** Keeps what came of reserving a service: a port that is new to the session, or none. */
  outcome(outcome: PortReservation | ServiceProblem): void {
    const { service, attempts } = outcome
    const source = 'source' in outcome ? outcome.source : undefined
    this.count(attempts, source)
    if ('source' in outcome) this.note('allocated', `has ${endpointText(outcome)}`, service)
    else this.note('exhausted', 'no port could be had', service)
  }

  /** Keeps that a service has got another port. */
  moved({ service, from, to, reservation }: Move): void {
    this.tally.moves++
    this.count(reservation.attempts, reservation.source)
    this.note('moved', `moved from port ${from} to ${to}`, service)
  }

  /** Counts a probe of a service's server that succeeded. */
  probed(service: string, seconds: number): void {
    const { probes } = this.tally
    const histogram = probes.get(service) ?? new Histogram(PROBE_BOUNDS)
    histogram.add(seconds)
    probes.set(service, histogram)
  }

  /** Counts what came of a search for a port. `source`: of the port that was had. */
  count(attempts: readonly PortAttempt[], source: PortSource | undefined): void {
    const { allocations, conflicts } = this.tally
    for (const { rejected } of attempts) {
      if (rejected && TAKEN.has(rejected)) add(conflicts, rejected)
    }
    if (source === undefined) {
      this.tally.exhausted++
      return
    }
    add(allocations, source)
    if (isFallback(source, attempts)) this.tally.fallbacks++
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
