import type { ChildHandover } from './child/hand-to-children.ts'
import { registry } from './reservation/registry.ts'
import { whoHolds as findHolders } from './reservation/who-holds.ts'
import { portOf, type PortQuery } from './session/port-of.ts'
import { type Reservations, reserveServices } from './session/reserve.ts'
import { processWorld } from './session/world.ts'
import type { Allocation, Options, PortHolder, Reservation } from './types.ts'
import { realRoot } from './utils/real-root.ts'

export { PortsError, PortsOptionError } from './errors.ts'
export type { PortsErrorCode, ServiceProblem } from './errors.ts'
export type { ChildHandover } from './child/hand-to-children.ts'
export type { PortQuery } from './session/port-of.ts'
export type { Reservations } from './session/reserve.ts'
export type * from './types.ts'

/**
 * Reserves a port for every service, all or none, and holds each with a bound socket until it is
 * adopted or released. A bundler plugin of the same root in this process sees and shares them.
 *
 * ```ts
 * await using ports = await reserve({ services: { web: 5173 } })
 * ports.services.web.adoptInto(http.createServer(app))
 * ```
 *
 * Nothing of it keeps the process alive; what is still held goes with the process.
 *
 * @param options As for the plugin; there are no built-in services, and no env file is written.
 * @throws PortsOptionError for options that can't be understood.
 * @throws PortsError when a required service can't be had; nothing is held then.
 */
export function reserve(options: Options): Promise<Reservations> {
  return reserveServices(options, processWorld())
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
 * Who is on `port`: the session that leased it, or what the operating system tells of a listening
 * process of another program.
 *
 * @returns `undefined` when nobody leases the port or listens on it, as far as this user may see.
 */
export async function whoHolds(port: number): Promise<PortHolder | undefined> {
  return (await findHolders([port], processWorld().place)).get(port)
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
