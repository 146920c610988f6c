import type { HealthSample, HealthState, ServiceHealth } from '../../types.ts'
import { afterProbe, type HealthStatus, nextDelay, type ProbeOutcome, STARTING } from './state.ts'

/** A service to watch. */
export interface Watched {
  readonly service: string
  readonly intervalMs: number
  readonly healthyAfter: number
  readonly unhealthyAfter: number
  /** Finds out once; never rejects. */
  probe(): Promise<ProbeOutcome>
}

/** Clock and timers; the process's own, or others in tests. */
export interface MonitorClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds that never go back. */
  monotonic(): number
  /** Calls `work` later, once, without keeping the process alive. Returns what cancels it. */
  later(work: () => void, delayMs: number): () => void
}

/** A change of state. */
export interface HealthChange {
  readonly health: ServiceHealth
  readonly before: HealthState
}

/** Samples that are kept for each service. */
export const MAX_HISTORY = 60

/** The clock of this process. */
export const processClock: MonitorClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  later(work, delayMs) {
    const timer = setTimeout(work, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/**
 * Probes services one after the other's turn: never two probes of one service at once, and after a
 * machine has slept one for each, as the next is only planned when the last has ended.
 */
export class HealthMonitor {
  readonly #clock: MonitorClock
  readonly #onChange: (change: HealthChange) => void
  readonly #onSample: (service: string, sample: HealthSample) => void
  readonly #entries = new Map<string, Entry>()

  /**
   * @param onChange Called once for each change of state; the first, "starting", is none.
   * @param onSample Called for each probe that has ended.
   */
  constructor(
    onChange: (change: HealthChange) => void,
    clock: MonitorClock = processClock,
    onSample: (service: string, sample: HealthSample) => void = () => {},
  ) {
    this.#onChange = onChange
    this.#onSample = onSample
    this.#clock = clock
  }

  /** Begins to watch a service, or goes on with other settings. Its first probe comes at once. */
  watch(watched: Watched): void {
    this.unwatch(watched.service)
    const entry: Entry = {
      watched,
      status: STARTING,
      since: this.#clock.now(),
      history: [],
      latencyMs: undefined,
      running: undefined,
      cancel: () => {},
    }
    this.#entries.set(watched.service, entry)
    void this.#probe(entry)
  }

  /** Stops watching; what a probe under way finds is forgotten. */
  unwatch(service: string): void {
    this.#entries.get(service)?.cancel()
    this.#entries.delete(service)
  }

  /** What is known; `undefined` for a service that is not watched. */
  health(service: string): ServiceHealth | undefined {
    const entry = this.#entries.get(service)
    return entry && healthOf(entry)
  }

  /** What is known of every watched service. */
  all(): ServiceHealth[] {
    return [...this.#entries.values()].map(healthOf)
  }

  /** Probes now, or waits for the probe that is under way. */
  async check(service: string): Promise<ServiceHealth | undefined> {
    const entry = this.#entries.get(service)
    if (!entry) return undefined
    await this.#probe(entry)
    return healthOf(entry)
  }

  /** {@link HealthMonitor.check} for every watched service, all at once. */
  async checkAll(): Promise<ServiceHealth[]> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#probe(entry)))
    return this.all()
  }

  /** Ends all watching. */
  close(): void {
    for (const service of this.#entries.keys()) this.unwatch(service)
  }

  #probe(entry: Entry): Promise<void> {
    entry.running ??= this.#probeOnce(entry).finally(() => {
      entry.running = undefined
    })
    return entry.running
  }

  async #probeOnce(entry: Entry): Promise<void> {
    entry.cancel()
    const started = this.#clock.monotonic()
    const outcome = await entry.watched.probe()
    if (this.#entries.get(entry.watched.service) !== entry) return
    const latencyMs = this.#clock.monotonic() - started
    const before = entry.status
    entry.status = afterProbe(before, outcome, entry.watched)
    const at = this.#clock.now()
    const reason = outcome.ok ? undefined : 'stolen' in outcome ? outcome.who : outcome.reason
    const sample = { at, latencyMs, ok: outcome.ok, ...(reason && { reason }) }
    entry.history.push(sample)
    this.#onSample(entry.watched.service, sample)
    if (entry.history.length > MAX_HISTORY) entry.history.shift()
    if (outcome.ok) entry.latencyMs = latencyMs
    if (entry.status.state !== before.state) {
      entry.since = at
      this.#onChange({ health: healthOf(entry), before: before.state })
    }
    // The listener may have ended the watching.
    if (this.#entries.get(entry.watched.service) !== entry) return
    const delay = nextDelay(entry.status, entry.watched.intervalMs)
    entry.cancel = this.#clock.later(() => void this.#probe(entry), delay)
  }
}

interface Entry {
  readonly watched: Watched
  status: HealthStatus
  since: number
  readonly history: HealthSample[]
  latencyMs: number | undefined
  running: Promise<void> | undefined
  cancel: () => void
}

function healthOf({ watched, status, since, latencyMs, history }: Entry): ServiceHealth {
  return {
    service: watched.service,
    state: status.state,
    since,
    ...(status.reason !== undefined && { reason: status.reason }),
    ...(latencyMs !== undefined && { latencyMs }),
    history: [...history],
  }
}
