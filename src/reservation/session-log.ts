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
}

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
    if (source === 'range' || source === 'any') this.tally.fallbacks++
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
