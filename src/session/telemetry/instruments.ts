import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import type { SessionTally } from '../../reservation/session-log.ts'
import type { HealthSample, Utilisation } from '../../types.ts'

/** What one session has to report when metrics are collected. */
export interface Report {
  /** Of every value; see {@link projectAttributes}. */
  readonly attributes: Attributes
  readonly tally: SessionTally
  readonly pools: readonly Utilisation[]
}

/** Upper ends of the histogram's buckets, in seconds: a probe stays on this machine. */
const BOUNDARIES_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** The instruments of one meter. */
export interface Instruments {
  /** Records a probe's duration. */
  probe(service: string, sample: HealthSample, attributes: Attributes): void
}

/**
 * Makes the instruments, named by OpenTelemetry's rules for metrics: a namespace, units in UCUM,
 * durations in seconds.
 *
 * @param collect Asked each time metrics are collected.
 */
export function createInstruments(
  meter: Meter,
  collect: () => Promise<readonly Report[]>,
): Instruments {
  const counter = (name: string, unit: string, description: string): Observable =>
    meter.createObservableCounter(`ports.${name}`, { unit, description })
  const allocations = counter('allocations', '{allocation}', 'Ports that were had.')
  const fallbacks = counter(
    'fallbacks',
    '{allocation}',
    'Ports from a range, because none of the preferred ones was to be had.',
  )
  const conflicts = counter('conflicts', '{port}', 'Ports that somebody else had.')
  const exhausted = counter('exhausted', '{service}', 'Services that no port could be had for.')
  const moves = counter('moves', '{move}', 'Services that got another port while they had one.')
  const usage = meter.createObservableUpDownCounter('ports.pool.usage', {
    unit: '{port}',
    description: 'Ports of a pool that are in use.',
  })
  const limit = meter.createObservableUpDownCounter('ports.pool.limit', {
    unit: '{port}',
    description: 'Ports of a pool.',
  })
  const duration = meter.createHistogram('ports.probe.duration', {
    unit: 's',
    description: 'Duration of health probes.',
    advice: { explicitBucketBoundaries: BOUNDARIES_S },
  })

  const observe = async (result: BatchObservableResult): Promise<void> => {
    for (const { attributes, tally, pools } of await collect()) {
      const say = (to: Observable, value: number, more?: Attributes): void =>
        result.observe(to, value, { ...attributes, ...more })
      for (const [source, count] of tally.allocations) {
        say(allocations, count, { 'ports.source': source })
      }
      say(fallbacks, tally.fallbacks)
      for (const [reason, count] of tally.conflicts) {
        say(conflicts, count, { 'ports.conflict.reason': reason })
      }
      say(exhausted, tally.exhausted)
      say(moves, tally.moves)
      for (const { name, size, reserved, inUseByOthers } of pools) {
        const pool = { 'ports.pool.name': name }
        say(limit, size, pool)
        say(usage, reserved, { ...pool, 'ports.use': 'reserved' })
        say(usage, inUseByOthers, { ...pool, 'ports.use': 'others' })
      }
    }
  }
  meter.addBatchObservableCallback(observe, [
    allocations,
    fallbacks,
    conflicts,
    exhausted,
    moves,
    usage,
    limit,
  ])
  return {
    probe(service, { latencyMs, ok }, attributes) {
      const failed = ok ? undefined : { 'error.type': 'probe_failed' }
      duration.record(latencyMs / 1000, { ...attributes, 'ports.service': service, ...failed })
    },
  }
}

/** What tells one checkout's values from another's. No path: telemetry leaves the machine. */
export function projectAttributes(label: string, branch: string | undefined): Attributes {
  return { 'ports.project': label, ...(branch && { 'vcs.ref.head.name': branch }) }
}
