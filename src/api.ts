import type { ChildHandover } from './child/hand-to-children.ts'
import { WELL_KNOWN, type WellKnownPort } from './options/well-known.ts'
import { PortsError, PortsOptionError } from './errors.ts'
import { isPort } from './options/ranges.ts'
import type { Endpoint } from './net/endpoint.ts'
import { newPorts } from './program/create.ts'
import type { Ports } from './program/interface.ts'
import { registry } from './reservation/registry.ts'
import { whoHolds as findHolders } from './reservation/who-holds.ts'
import { portOf, type PortQuery } from './session/port-of.ts'
import { processWorld } from './session/world.ts'
import type { HealthSource } from './reservation/session.ts'
import type { Allocation, Options, PortHolder, Reservation, ServiceHealth } from './types.ts'
import { realRoot } from './utils/real-root.ts'

export { defineConfig } from './config.ts'
export { PortsError, PortsOptionError } from './errors.ts'
export type { Endpoint } from './net/endpoint.ts'
export type { PortsErrorCode, ServiceProblem } from './errors.ts'
export type { ChildHandover } from './child/hand-to-children.ts'
export type { ExplanationData } from './output/explain.ts'
export type { Listener } from './program/emitter.ts'
export {
  allocate,
  allocateAll,
  close,
  defaultPorts,
  env,
  explain,
  findAvailable,
  fromEnvOr,
  get,
  isAvailable,
  isReserved,
  load,
  ports,
  release,
  reservations,
  reserve,
  save,
  status,
  utilisation,
  waitFor,
} from './program/shared.ts'
export type * from './program/interface.ts'
export type * from './program/types.ts'
export { exportMapping, importMapping, mappingConflicts, mergeMappings } from './plan/mapping.ts'
export type { MappedService, PortMapping } from './plan/mapping.ts'
export type { MappedPlace, MappingConflict } from './plan/mapping-conflicts.ts'
export type { WellKnownPort } from './options/well-known.ts'
export type { PortQuery } from './session/port-of.ts'
export type { Reservations } from './session/reserve.ts'
export type * from './types.ts'

/**
 * Ports of your own, apart from those of the plain functions: for a part of a program, or a test.
 * Instances don't see each other's services and never share a port.
 *
 * ```ts
 * await using ports = createPorts({ services: { api: { range: '8000-8100' }, db: 5432 } })
 * await ports.allocateAll()
 * ```
 *
 * @param options As for the plugin; there are no built-in services, and no env file is written.
 * @throws PortsOptionError for options that can't be understood.
 */
export function createPorts<const Configured extends Options = Options>(
  options?: Configured,
): Ports<Configured> {
  return newPorts(options ?? {})
}

/**
 * Every service that plugins and programs of this process have reserved for `root`, in no special order.
 *
 * @param root Default: the working directory.
 */
export function allocations(root?: string): Allocation[] {
  const session = registry().sessions.get(realRoot(processWorld().cwd, root))
  return session ? [...session.reservations] : []
}

/**
 * The port of a service that a plugin of this process reserves, as soon as that has done so: for
 * programs that start a bundler and need to know where its services are.
 *
 * ```ts
 * const [server, api] = await Promise.all([createServer(config), port('api')])
 * ```
 *
 * @param query The root, or `{ root, timeoutMs }`. Default: the working directory, 30 seconds.
 * @throws PortsError `PORTS_NO_SERVICE` when the root's plugins have started and none has this
 * service, `PORTS_TIMEOUT` when nothing has reserved it in time.
 */
export function port(service: string, query: string | PortQuery = {}): Promise<number> {
  const { root, timeoutMs } = typeof query === 'string' ? { root: query } : query
  return portOf(service, realRoot(processWorld().cwd, root), timeoutMs)
}

/**
 * The services whose usual port is known by their name: it is their default of `preferred` when
 * they have neither `range` nor `pool`. Names are matched without regard to case, `-`, `_` and `.`.
 */
export function wellKnownPorts(): WellKnownPort[] {
  return WELL_KNOWN.map((entry) => ({ ...entry, aliases: [...entry.aliases] }))
}

/**
 * Gives a running service another port: everybody who has its reservation, env file and proxies go
 * on with the new one, and only then is the old one released. A server that somebody else starts has
 * to be started again.
 *
 * @param options `to`: the port to take, otherwise the service's next candidate. `from`: the port that
 * is left, where several servers of the root have a service of that name. `root`: default the working directory.
 * @returns Its ports before and after.
 * @throws PortsError `PORTS_NO_SERVICE` when this process has reserved no such service for the root,
 * `PORTS_AMBIGUOUS` when it has reserved several and `from` doesn't say which, `PORTS_SERVING` while a server of this process listens on it, `PORTS_IN_A_ROW` for one of a
 * contiguous block, and as `reserve` does; nothing has changed then.
 * @throws PortsOptionError when `to` is no port.
 */
export async function move(
  service: string,
  { to, from, root }: { readonly to?: number; readonly from?: number; readonly root?: string } = {},
): Promise<{ service: string; from: number; to: number }> {
  if (to !== undefined && !isPort(to)) {
    throw new PortsOptionError(
      `to: ${String(to)} is no port; expected a whole number from 1 to 65535.`,
    )
  }
  const directory = realRoot(processWorld().cwd, root)
  const session = registry().sessions.get(directory)
  if (!session) {
    throw new PortsError('PORTS_NO_SERVICE', `this process has reserved nothing for ${directory}.`)
  }
  const moved = await session.move(service, to, from)
  return { service, from: moved.from, to: moved.to }
}

/**
 * How the services of `root` are, as the plugins of this process last saw them.
 *
 * @param root Default: the working directory.
 * @returns One entry for each watched service; empty before a server has started.
 */
export function health(root?: string): ServiceHealth[] {
  return healthSources(root).flatMap((source) => source.all())
}

/**
 * Probes every watched service of `root` now, each once, and says how they are.
 *
 * @param root Default: the working directory.
 */
export async function checkHealth(root?: string): Promise<ServiceHealth[]> {
  return (await Promise.all(healthSources(root).map((source) => source.checkAll()))).flat()
}

function healthSources(root: string | undefined): HealthSource[] {
  const session = registry().sessions.get(realRoot(processWorld().cwd, root))
  return [...(session?.healthSources ?? [])]
}

/**
 * Who is on a port: the session that leased it, or what the operating system tells of a listening
 * process of another program.
 *
 * @param endpoint A TCP port, `'udp:5353'`, or `'unix:/path/of/a.sock'`.
 * @returns `undefined` when nobody leases it or listens on it, as far as this user may see.
 */
export async function whoHolds(endpoint: Endpoint): Promise<PortHolder | undefined> {
  return (await findHolders([endpoint], processWorld().place)).get(endpoint)
}

/**
 * Hands the held sockets of `reservations` to Node servers in other processes or threads: whichever
 * of them listens on a held port gets its very socket, and nobody else can bind in between. Requests
 * that come earlier, or while a server restarts, wait.
 *
 * ```ts
 * await using ports = await reserve({ services: { api: 3000 } })
 * const handover = await handToChildren(Object.values(ports.services))
 * fork('api.js', { env: { ...handover.env(), PORT: String(ports.services.api.port) } })
 * new Worker('./api.js', { env: handover.env(), execArgv: [...handover.execArgv] })
 * ```
 *
 * A server that listens on another address than the reserved one gets that. Children end when this
 * process has vanished without `close()`. Nothing of it keeps the process alive.
 *
 * @throws PortsError `PORTS_NOT_HELD` when one of them has no socket (any more).
 */
export async function handToChildren(reservations: readonly Reservation[]): Promise<ChildHandover> {
  const { openChildHandover } = await import('./child/hand-to-children.ts')
  const { place, env } = processWorld()
  return openChildHandover(reservations, place.platform, env)
}
