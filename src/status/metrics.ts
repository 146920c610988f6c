import { labelText, renderHealthMetrics } from '../session/health/metrics.ts'
import type { SessionTally } from '../reservation/session-log.ts'
import type { ServiceHealth, Utilisation } from '../types.ts'

const PROBES = 'ports_probe_duration_seconds'

/** What is counted and measured. */
export interface Measured {
  readonly tally: SessionTally
  readonly health: readonly ServiceHealth[]
  readonly pools: readonly Utilisation[]
}

/**
 * Everything as Prometheus' text format, version 0.0.4.
 *
 * @param labels Of every sample, such as the checkout's branch.
 */
export function renderMetrics(
  { tally, health, pools }: Measured,
  labels: Readonly<Record<string, string>> = {},
): string {
  const sample = (name: string, more: Readonly<Record<string, string>>, value: number): string =>
    `${name}${labelText({ ...labels, ...more })} ${value}`
  const counted = <Key extends string>(
    name: string,
    label: string,
    counts: ReadonlyMap<Key, number>,
  ): string[] => [...counts].map(([key, count]) => sample(name, { [label]: key }, count))
  const lines = [
    ...head('ports_allocations_total', 'counter', 'Ports had, by how they were chosen.'),
    ...counted('ports_allocations_total', 'source', tally.allocations),
    ...head(
      'ports_fallbacks_total',
      'counter',
      'Of these, from a range because the preferred was not to be had.',
    ),
    sample('ports_fallbacks_total', {}, tally.fallbacks),
    ...head(
      'ports_conflicts_total',
      'counter',
      'Candidates that somebody else had, by the reason.',
    ),
    ...counted('ports_conflicts_total', 'reason', tally.conflicts),
    ...head('ports_exhausted_total', 'counter', 'Services that no port could be had for.'),
    sample('ports_exhausted_total', {}, tally.exhausted),
    ...head('ports_moves_total', 'counter', 'Services that got another port while they had one.'),
    sample('ports_moves_total', {}, tally.moves),
    ...head('ports_pool_ports', 'gauge', 'Ports of a pool or range, by what they are used for.'),
    ...pools.flatMap(({ name, reserved, inUseByOthers, free }) =>
      Object.entries({ reserved, others: inUseByOthers, free }).map(([use, count]) =>
        sample('ports_pool_ports', { pool: name, use }, count),
      ),
    ),
  ]
  const durations = [
    ...head(PROBES, 'histogram', 'Durations of the probes that succeeded.'),
    ...[...tally.probes].flatMap(([service, { bounds, cumulative, sum }]) => [
      ...cumulative.map((count, at) =>
        sample(`${PROBES}_bucket`, { service, le: String(bounds[at] ?? '+Inf') }, count),
      ),
      sample(`${PROBES}_sum`, { service }, sum),
      sample(`${PROBES}_count`, { service }, cumulative.at(-1) ?? 0),
    ]),
  ]
  lines.push(...durations)
  return `${lines.join('\n')}\n${renderHealthMetrics(health, labels)}`
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}
