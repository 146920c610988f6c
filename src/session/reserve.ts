import { programOptions } from '../config/effective-options.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import { collectWishes, wishesOutsidePools } from '../options/wishes.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import { serviceVariables } from '../output/variables.ts'
import { planPorts } from '../plan/plan.ts'
import { runSteps } from '../reservation/questions.ts'
import { type SessionUse, sessionOf, type Want } from '../reservation/session.ts'
import { areasOf } from '../reservation/utilisation.ts'
import type { Options, Reservation } from '../types.ts'
import { realRoot } from '../utils/real-root.ts'
import { pastOf } from './past.ts'
import { startTelemetry } from './telemetry/start.ts'
import type { SessionWorld } from './world.ts'

/** The ports of one `reserve()`, by service. */
export interface Reservations extends Disposable, AsyncDisposable {
  /** Only services that could be had; a service with `required: false` may be absent. */
  readonly services: Readonly<Record<string, Reservation>>
  /** The variables that publish the ports, for a child's environment: `{ API_PORT: '3000', … }`. */
  env(): Record<string, string>
  /** Releases all of them, unless another user of the same root still needs one. Idempotent. */
  release(): Promise<void>
}

/** See `reserve` in the programmatic entry. */
export async function reserveServices(
  options: Options,
  world: SessionWorld,
): Promise<OpenedServices & { readonly reservations: Reservations }> {
  const { options: resolved } = await programOptions(options, world.cwd)
  const opened = await openServices(resolved, world)
  const { use } = opened
  const release = async (): Promise<void> => use.close()
  const reservations: Reservations = {
    services: Object.fromEntries(use.reservations),
    env: () => publishedVariables(resolved.services, use.reservations),
    release,
    [Symbol.dispose]: () => use.close(),
    [Symbol.asyncDispose]: release,
  }
  return { ...opened, reservations }
}

/** What came of {@link openServices}. */
export interface OpenedServices {
  readonly use: SessionUse
  /** Variables that carry no port, in words for people. */
  readonly warnings: readonly string[]
}

/**
 * Reserves and holds every service of `resolved` for a program, all or none.
 *
 * @throws PortsError when a required service can't be had; nothing is held then.
 */
export async function openServices(
  resolved: ResolvedOptions,
  world: SessionWorld,
): Promise<OpenedServices> {
  const root = realRoot(world.cwd, resolved.root)
  const set = collectWishes(resolved.services, {
    process: world.env,
    files: [],
    block: new Map(),
  })
  const session = sessionOf({ root, ...world })
  const past = pastOf(session, resolved, world)
  const plan = planPorts(resolved, {
    ...past.facts,
    holds: true,
    wishes: set.byService,
    ephemeral: ephemeralRange(),
  })
  const wants = plan.map((service): Want => {
    const { host } = service.service
    return { plan: service, host, hold: true, secure: false }
  })
  const use = await session.inTurn(() => runSteps(session.open(wants), world.place))
  startTelemetry(session, () => areasOf(resolved.pools, resolved.services, []))
  const warnings = [
    ...set.warnings,
    ...wishesOutsidePools(resolved.services, set.byService),
    ...past.remember(use.reservations.values()),
  ]
  return { use, warnings }
}

/** The variables that publish what was had of `services`: `{ API_PORT: '3000', … }`. */
export function publishedVariables(
  services: readonly ResolvedService[],
  had: ReadonlyMap<string, Reservation>,
): Record<string, string> {
  return Object.fromEntries(
    services.flatMap(({ name, env }) => {
      const reservation = had.get(name)
      if (!reservation) return []
      const { port, path, url } = reservation
      return serviceVariables({ service: name, port, path, url, env })
    }),
  )
}
