import type { HealthCheck, ServiceOptions } from '../types.ts'

/** The `health` of a service with every default but the interval's, which the environment may set. */
export interface ResolvedHealth {
  readonly type: 'tcp' | 'http' | 'ws' | 'hmr' | 'udp' | HealthCheck
  readonly path: string
  /** Empty for everything below 500. */
  readonly status: readonly number[]
  readonly intervalMs: number | undefined
  readonly timeoutMs: number
  readonly healthyAfter: number
  readonly unhealthyAfter: number
}

const TIMEOUT_MS = 2000
const HEALTHY_AFTER = 1
const UNHEALTHY_AFTER = 2

/**
 * What is probed; `undefined` for nothing.
 *
 * @param byDefault Whether a service of which nothing is said is probed.
 * @param usual How a service of which no type is said is probed.
 */
export function resolveHealth(
  health: ServiceOptions['health'],
  byDefault: boolean,
  usual: 'tcp' | 'udp',
): ResolvedHealth | undefined {
  if (health === false || (health === undefined && !byDefault)) return undefined
  const given =
    typeof health === 'string' ? { path: health } : typeof health === 'object' ? health : {}
  const { path, status, type } = given
  return {
    type: type ?? (path === undefined && status === undefined ? usual : 'http'),
    path: path ?? '/',
    status: typeof status === 'number' ? [status] : (status ?? []),
    intervalMs: given.intervalMs,
    timeoutMs: given.timeoutMs ?? TIMEOUT_MS,
    healthyAfter: given.healthyAfter ?? HEALTHY_AFTER,
    unhealthyAfter: given.unhealthyAfter ?? UNHEALTHY_AFTER,
  }
}
