import { programOptions } from '../config/effective-options.ts'
import { collectWishes } from '../options/wishes.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import { serviceVariables } from '../output/variables.ts'
import { planPorts } from '../plan/plan.ts'
import { runSteps } from '../reservation/questions.ts'
import { sessionOf, type Want } from '../reservation/session.ts'
import type { Options, Reservation } from '../types.ts'
import { realRoot } from '../utils/real-root.ts'
import { pastOf } from './past.ts'
import type { SessionWorld } from './world.ts'

/** The ports of one `reserve()`, by service. */
export interface Reservations extends AsyncDisposable {
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
): Promise<Reservations> {
  const { options: resolved } = await programOptions(options, world.cwd)
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
  for (const warning of past.remember(use.reservations.values())) world.warn(warning)
  const release = async (): Promise<void> => use.close()
  return {
    services: Object.fromEntries(use.reservations),
    env: () =>
      Object.fromEntries(
        resolved.services.flatMap(({ name, env }) => {
          const reservation = use.reservations.get(name)
          if (!reservation) return []
          const { port, path, url } = reservation
          return serviceVariables({ service: name, port, path, url, env })
        }),
      ),
    release,
    [Symbol.asyncDispose]: release,
  }
}
