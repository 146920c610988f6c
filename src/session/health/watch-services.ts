import type { ResolvedHealth } from '../../options/health.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import { urlHostname } from '../../net/addresses.ts'
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
/** The least that `PORTS_HEALTH_INTERVAL_MS` may ask for, in milliseconds. */
const MIN_INTERVAL_MS = 100

/** A service of a run, as its probes see it. */
export interface ProbedService {
  readonly name: string
  readonly health: ResolvedHealth
  /** The user wrote the probe; otherwise a server of this process needs none. */
  readonly asked: boolean
  reservation(): PortReservation | undefined
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
    probe: () => probeService(service),
  }
}

async function probeService(service: ProbedService): Promise<ProbeOutcome> {
  const reservation = service.reservation()
  if (!reservation) return { ok: false, answered: false, reason: 'it has no port' }
  // The kernel would accept connections to it.
  if (reservation.state === 'held') {
    return { ok: false, answered: false, reason: 'its server has not started' }
  }
  const own = reservation.state === 'serving'
  if (own && !service.asked) return { ok: true }
  const outcome = await probe(reservation, service.health)
  if (own || (!outcome.ok && !('answered' in outcome && outcome.answered))) return outcome
  const who = await service.stranger()
  return who === undefined ? outcome : { ok: false, stolen: true, who }
}

function probe(reservation: PortReservation, health: ResolvedHealth): Promise<ProbeOutcome> {
  const { port, url, bound } = reservation
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

function intervalFrom(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const value = Number(env.PORTS_HEALTH_INTERVAL_MS)
  return Number.isInteger(value) && value >= MIN_INTERVAL_MS ? value : undefined
}
