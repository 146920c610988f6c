import { programOptions } from '../config/effective-options.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import { collectWishes, wishesOutsidePools } from '../options/wishes.ts'
import { ephemeralRange } from '../net/ephemeral.ts'
import { serviceVariables } from '../output/variables.ts'
import { planPorts } from '../plan/plan.ts'
import { runSteps, type Steps } from '../reservation/questions.ts'
import { type SessionUse, sessionOf, type Want } from '../reservation/session.ts'
import { areasOf } from '../reservation/utilisation.ts'
import type { Options, Reservation } from '../types.ts'
import { outOfFiles } from '../utils/out-of-files.ts'
import { realRoot } from '../utils/real-root.ts'
import { pastOf } from './past.ts'
import type { ProcessEars } from './program-processes.ts'
import { startTelemetry } from './telemetry/start.ts'
import type { SessionWorld } from './world.ts'

/** The ports of one `reserve()`, by service. */
export interface Reservations extends Disposable, AsyncDisposable {
  /** Only services that could be had; a service with `required: false` may be absent. */
  readonly services: Readonly<Record<string, Reservation>>
  /** The variables that publish the ports, for a child's environment: `{ API_PORT: '3000', … }`. */
  env(): Record<string, string>
  /**
   * Releases all of them, unless another user of the same root still needs one; resolves when the
   * processes of their commands have ended. Idempotent.
   */
  release(): Promise<void>
}

/**
 * See `reserve` in the programmatic entry.
 *
 * @param prepare Has the last word on the options by which ports are chosen.
 */
export async function reserveServices(
  options: Options,
  world: SessionWorld,
  ears?: ProcessEars,
  prepare = async (resolved: ResolvedOptions): Promise<ResolvedOptions> => resolved,
): Promise<OpenedServices & { readonly reservations: Reservations }> {
  const { options: loaded } = await programOptions(options, world.cwd)
  const resolved = await prepare(loaded)
  const opened = await openServices(resolved, world)
  const { use } = opened
  try {
    await startCommands(use, resolved.services, world, ears)
  } catch (error) {
    use.close()
    throw error
  }
  const release = async (): Promise<void> => {
    const { processes } = use.session
    use.close()
    await processes?.settled()
  }
  const reservations: Reservations = {
    services: Object.fromEntries(use.reservations),
    env: () => publishedVariables(resolved.services, use.reservations),
    release,
    [Symbol.dispose]: () => use.close(),
    [Symbol.asyncDispose]: release,
  }
  return { ...opened, reservations }
}

/**
 * Starts the commands of what a program has reserved; whoever has none loads nothing for it.
 *
 * @throws What stands in the way; what was reserved is the caller's.
 */
export async function startCommands(
  use: SessionUse,
  services: readonly ResolvedService[],
  world: SessionWorld,
  ears?: ProcessEars,
): Promise<void> {
  if (!use.session.processes && services.every(({ process }) => !process)) return
  try {
    const { startForProgram } = await import('./program-processes.ts')
    await startForProgram(use, services, world, ears)
  } catch (error) {
    throw outOfFiles(error, "The commands of services can't be started") ?? error
  }
}

/** What came of {@link openServices}. */
export interface OpenedServices {
  readonly use: SessionUse
  /** Variables that carry no port, in words for people. */
  readonly warnings: readonly string[]
}

/** How {@link openServices} reserves. */
export interface OpenHow {
  /** `false`: they are leased for servers that bind by themselves. Default `true`. */
  readonly hold?: boolean
  /** Services that speak TLS. Default: none. */
  readonly secure?: ReadonlySet<string>
  /** Services that are leased for servers which somebody else starts. Default: none. */
  readonly leased?: ReadonlySet<string>
  /** By service: what counts as the port of the last run. Default: what is remembered. */
  readonly remembered?: Readonly<Record<string, number>>
  /** What the program has from before the options changed: those ports stay, and the caller closes it. */
  readonly previous?: SessionUse | undefined
}

/**
 * Reserves every service of `resolved` for a program, all or none.
 *
 * @throws PortsError when a required service can't be had; nothing is held then.
 */
export async function openServices(
  resolved: ResolvedOptions,
  world: SessionWorld,
  how: OpenHow = {},
): Promise<OpenedServices> {
  const session = sessionOf({ root: realRoot(world.cwd, resolved.root), ...world })
  return session.inTurn(() => runSteps(openSteps(resolved, world, how), world.place))
}

/** The steps of {@link openServices}, for those who may not wait. */
export function* openSteps(
  resolved: ResolvedOptions,
  world: SessionWorld,
  { hold = true, secure = new Set(), leased, remembered, previous }: OpenHow = {},
): Steps<OpenedServices> {
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
    ...(remembered && { sticky: { ...past.facts.sticky, ...remembered } }),
    holds: hold,
    wishes: set.byService,
    ephemeral: ephemeralRange(),
  })
  const wants = plan.map((service): Want => {
    const { host, name } = service.service
    const want = { plan: service, host, secure: secure.has(name) }
    if (!leased?.has(name))
      return { ...want, hold, starts: hold && canBeHeldForProcess(service.service) }
    // Its server may be running already, a container for example.
    return { ...want, hold: false, remembered: past.facts.sticky[name] }
  })
  const use = yield* session.open(wants, previous)
  startTelemetry(session, () => areasOf(resolved.pools, resolved.services, []))
  const warnings = [
    ...(resolved.warnings ?? []),
    ...set.warnings,
    ...wishesOutsidePools(resolved.services, set.byService),
    ...past.remember(use.reservations.values()),
  ]
  return { use, warnings }
}

/** A process of ours can take the held port: sockets of other protocols are bound by the server. */
export function canBeHeldForProcess({ process, protocol }: ResolvedService): boolean {
  return process !== undefined && protocol === 'tcp'
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
