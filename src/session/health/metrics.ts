import type { HealthState, ServiceHealth } from '../../types.ts'

const STATES: readonly HealthState[] = ['starting', 'healthy', 'degraded', 'down', 'stolen']

/**
 * Health as Prometheus' text format, version 0.0.4.
 *
 * @param labels Of every sample, such as the checkout's branch.
 */
export function renderHealthMetrics(
  services: readonly ServiceHealth[],
  labels: Readonly<Record<string, string>> = {},
): string {
  const lines = [
    '# HELP ports_service_state Whether the service is in this state (1) or not (0).',
    '# TYPE ports_service_state gauge',
    ...services.flatMap(({ service, state }) =>
      STATES.map(
        (name) =>
          `ports_service_state${labelText({ ...labels, service, state: name })} ${Number(name === state)}`,
      ),
    ),
    '# HELP ports_probe_latency_seconds Duration of the latest probe that succeeded.',
    '# TYPE ports_probe_latency_seconds gauge',
    ...services.flatMap(({ service, latencyMs }) =>
      latencyMs === undefined
        ? []
        : [`ports_probe_latency_seconds${labelText({ ...labels, service })} ${latencyMs / 1000}`],
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** Labels as they stand behind a metric's name. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  )
  return `{${pairs.join(',')}}`
}
