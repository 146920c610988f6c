import { isDeepStrictEqual } from 'node:util'
import type { ResolvedService } from '../../options/resolved.ts'
import type { PortReservation } from '../../reservation/reservation.ts'
import type { HealthSource, Session } from '../../reservation/session.ts'
import type { HealthState, ServiceHealth } from '../../types.ts'
import { type HealthChange, HealthMonitor } from './monitor.ts'
import { watchedService } from './watch-services.ts'

/** What watching needs of a run. */
export interface HealthContext {
  readonly session: Session
  readonly env: Readonly<Record<string, string | undefined>>
  reservation(service: string): PortReservation | undefined
  /** Who stands on the service's port instead of its server. */
  stranger(service: string): Promise<string | undefined>
  /** Somebody else answers on the service's port, and that has been told to people. */
  stolen(service: string, who: string): void
  /** Port on which the service's server was found instead of its own. */
  movedTo(service: string): number | undefined
  /** Where proxied requests go, when that is not simply the service's own port. */
  servedBy(service: string): string | undefined
  say(line: string, level: 'info' | 'warn'): void
}

/** The watching of one run's services. */
export interface RunHealth {
  /** Forgets what is known of a service that has moved. */
  restart(service: string): void
  /** Goes on with these services; one with the port and the settings from before is not watched anew. */
  update(services: readonly ResolvedService[]): void
  close(): void
}

/** Watches the services of a run until it is closed; says one line for each change that somebody should know. */
export function watchHealth(
  initial: readonly ResolvedService[],
  context: HealthContext,
): RunHealth {
  let services = initial
  const watched = new Map<string, unknown>()
  const said = new Map<string, HealthState>()
  const onChange = (change: HealthChange): void => {
    const { service, state, reason = '' } = change.health
    const why = state === 'stolen' ? "another checkout's server answers" : reason
    context.session.log.note('health', why ? `${state}: ${why}` : state, service)
    if (state === 'stolen') context.stolen(service, reason.replace(/^served by /, ''))
    const line = changeLine(change, said, context)
    if (line) context.say(line.text, line.level)
  }
  const monitor = new HealthMonitor(onChange, undefined, (service, sample) => {
    if (sample.ok) context.session.log.probed(service, sample.latencyMs / 1000)
    for (const tell of context.session.onProbe) tell(service, sample)
  })
  const { healthSources } = context.session
  const settingsOf = ({ name, health, healthGiven }: ResolvedService): unknown => [
    health,
    healthGiven,
    context.reservation(name)?.port,
  ]
  const forget = (name: string): void => {
    said.delete(name)
    watched.delete(name)
    monitor.unwatch(name)
  }
  const watch = (service: ResolvedService): void => {
    const { name, health, healthGiven } = service
    watched.set(name, settingsOf(service))
    const reservation = () => context.reservation(name)
    if (!health || !reservation()) return
    // It was there before us, which the summary has said.
    if (reservation()?.state === 'running') said.set(name, 'healthy')
    const stranger = () => context.stranger(name)
    monitor.watch(
      watchedService(
        {
          name,
          health,
          asked: healthGiven,
          reservation,
          stranger,
          movedTo: () => context.movedTo(name),
        },
        context.env,
      ),
    )
  }
  for (const service of services) watch(service)
  const withServer = (health: ServiceHealth): ServiceHealth => {
    const servedBy = context.servedBy(health.service)
    return servedBy === undefined ? health : { ...health, servedBy }
  }
  const source: HealthSource = {
    all: () => monitor.all().map(withServer),
    checkAll: async () => (await monitor.checkAll()).map(withServer),
  }
  healthSources.add(source)
  return {
    restart(name) {
      said.delete(name)
      const service = services.find((one) => one.name === name)
      if (service) watch(service)
    },
    update(next) {
      services = next
      for (const name of watched.keys()) {
        if (!next.some((service) => service.name === name)) forget(name)
      }
      for (const service of next) {
        if (isDeepStrictEqual(watched.get(service.name), settingsOf(service))) continue
        forget(service.name)
        watch(service)
      }
    },
    close() {
      healthSources.delete(source)
      monitor.close()
    },
  }
}

/** What to say; nothing for our own servers, and for strangers, of whom the proxy's guard tells. */
function changeLine(
  { health }: HealthChange,
  said: Map<string, HealthState>,
  { reservation }: HealthContext,
): { text: string; level: 'info' | 'warn' } | undefined {
  const { service, state, reason } = health
  const { port, state: held } = reservation(service) ?? {}
  const before = said.get(service)
  if (state === before || state === 'stolen' || port === undefined) return undefined
  if (before === undefined && state !== 'healthy' && state !== 'degraded') return undefined
  said.set(service, state)
  if (held === 'serving' && before === undefined) return undefined
  const where = `"${service}" on port ${port}`
  if (state === 'healthy')
    return { text: `${where} is up${before ? ' again' : ''}.`, level: 'info' }
  const why = reason ? `: ${reason}` : ''
  return { text: `${where} is ${state}${why}.`, level: 'warn' }
}
