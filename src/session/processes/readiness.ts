import { setTimeout as delay } from 'node:timers/promises'
import { listeningPorts } from '../../net/owners/listening.ts'
import type { ResolvedHealth } from '../../options/health.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { ProcessState } from '../../types.ts'
import { watchedService } from '../health/watch-services.ts'

/** Time between two looks, in milliseconds; somebody waits for the answer. */
const INTERVAL_MS = 100
/** The same where looking costs tens of milliseconds. */
const SLOW_INTERVAL_MS = 500

/** A service that another one depends on. */
export interface Awaited {
  readonly name: string
  readonly health: ResolvedHealth | undefined
  /** The user said how it is probed, or that it is not. */
  readonly healthGiven: boolean
  reservation(): PortReservation | undefined
  /** Of its process; `undefined` when it is not one of ours. */
  processState(): ProcessState | undefined
  /** Who is there instead of this checkout's server, for people. */
  stranger(): Promise<string | undefined>
}

const STARTED = new Set<ProcessState | undefined>([undefined, 'starting', 'running', 'elsewhere'])

/**
 * Resolves when a service may be depended on: it is healthy; without a health check it listens; with
 * `health: false` it was started.
 *
 * @throws What `signal` was aborted with.
 */
export async function becomesReady(
  service: Awaited,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const { health, healthGiven } = service
  if (health) return becomesHealthy(service, health, env, signal)
  const looks = healthGiven ? () => STARTED.has(service.processState()) : () => listens(service)
  const interval = healthGiven ? INTERVAL_MS : SLOW_INTERVAL_MS
  while (!(await looks())) await delay(interval, undefined, { signal, ref: false })
}

async function becomesHealthy(
  service: Awaited,
  health: ResolvedHealth,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const { name, healthGiven: asked } = service
  const reservation = () => service.reservation()
  const stranger = () => service.stranger()
  const { probe } = watchedService({ name, health, asked, reservation, stranger }, env)
  for (let inARow = 0; ;) {
    inARow = (await probe()).ok ? inARow + 1 : 0
    signal.throwIfAborted()
    if (inARow >= health.healthyAfter) return
    await delay(INTERVAL_MS, undefined, { signal, ref: false })
  }
}

/** A mere connection counts as an attack on some servers, so nobody connects. */
async function listens(service: Awaited): Promise<boolean> {
  const reservation = service.reservation()
  if (!reservation || reservation.state === 'held') return false
  if (reservation.state === 'serving') return true
  return (await listeningPorts()).has(reservation.port)
}
