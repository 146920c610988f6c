import type { ResolvedHealth } from '../../options/health.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import { urlHostname } from '../../net/addresses.ts'
import { intervalFrom } from './interval.ts'
import type { Watched } from './monitor.ts'
import {
  probeHttp,
  type ProbeTarget,
  probeTcp,
  probeUdp,
  probeWebSocket,
  probeWith,
} from './probes.ts'
import type { ProbeOutcome } from './state.ts'

/** Time between two probes when nobody says, in milliseconds. */
const INTERVAL_MS = 10_000

/** A service of a run, as its probes see it. */
export interface ProbedService {
  readonly name: string
  readonly health: ResolvedHealth
  /** The user wrote the probe; otherwise a server of this process needs none. */
  readonly asked: boolean
  reservation(): PortReservation | undefined
  /** Port on which its server was found instead of its own. Default: none. */
  movedTo?(): number | undefined
  /** Who is there instead of this checkout's server, for people; looked up when somebody answers. */
  stranger(): Promise<string | undefined>
}

/** What the monitor needs to watch a service. `env` may set the interval: `PORTS_HEALTH_INTERVAL_MS`. */
export function watchedService(
  service: ProbedService,
  env: Readonly<Record<string, string | undefined>>,
): Watched {
  const { name, health } = service
  return {
    service: name,
    intervalMs: health.intervalMs ?? intervalFrom(env) ?? INTERVAL_MS,
    healthyAfter: health.healthyAfter,
    unhealthyAfter: health.unhealthyAfter,
    probe: () => probeAndIdentify(service),
  }
}

async function probeAndIdentify(service: ProbedService): Promise<ProbeOutcome> {
  const reservation = service.reservation()
  if (!reservation) return { ok: false, answered: false, reason: 'it has no port' }
  const own = reservation.state === 'held' || reservation.state === 'serving'
  if (own && !service.asked) {
    return reservation.state === 'serving'
      ? { ok: true }
      : { ok: false, answered: false, reason: 'its server has not started' }
  }
  const moved = service.movedTo?.()
  const outcome = await probeService(reservation, service.health, moved)
  if (moved !== undefined) return outcome
  if (own || (!outcome.ok && !('answered' in outcome && outcome.answered))) return outcome
  const who = await service.stranger()
  return who === undefined ? outcome : { ok: false, stolen: true, who }
}

/**
 * Asks a service's server once how it is.
 *
 * @param movedTo Port on which it was found instead of its own.
 */
export function probeService(
  reservation: PortReservation,
  health: ResolvedHealth,
  movedTo?: number,
): Promise<ProbeOutcome> {
  const { bound } = reservation
  const port = movedTo ?? reservation.port
  const url = movedTo === undefined ? reservation.url : withPort(reservation.url, movedTo)
  const hostname = urlHostname(bound).replace(/^\[(.*)\]$/, '$1')
  const { path, status, timeoutMs, type } = health
  const target: ProbeTarget = {
    port,
    url,
    hostname,
    path,
    socketPath: reservation.path,
    status,
    timeoutMs,
  }
  if (typeof type === 'function') return probeWith(type, target)
  switch (type) {
    case 'http':
      return probeHttp(target)
    case 'ws':
      return probeWebSocket(target, undefined)
    case 'hmr':
      return probeWebSocket(target, 'vite-ping')
    case 'udp':
      return probeUdp(target)
    default:
      return probeTcp(target)
  }
}

function withPort(url: string, port: number): string {
  const moved = new URL(url)
  moved.port = String(port)
  return moved.origin
}
