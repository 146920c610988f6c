import { sharedPorts } from './create.ts'
import type { Ports } from './interface.ts'

/**
 * The process's own instance, which the plain functions use: for its events, and to pass it on. Its
 * root is the working directory of its first use; after `close()` the next call makes a new one.
 */
export function defaultPorts(): Ports {
  return sharedPorts()
}

/**
 * Reserves ports and holds each with a bound socket until it is adopted or released.
 *
 * ```ts
 * await using one = await reserve()
 * await using five = await reserve({ count: 5, range: '8000-8100' })
 * await using named = await reserve({ services: { web: 5173 } })
 * named.services.web.adoptInto(http.createServer(app))
 * ```
 *
 * Services are reserved all or none, and a bundler plugin of the same root in this process sees and
 * shares them; their options are the plugin's, with no built-in services and no env file.
 *
 * Nothing of it keeps the process alive; what is still held goes with the process.
 *
 * @throws PortsOptionError for options that can't be understood.
 * @throws PortsError when a port can't be had; nothing is held then.
 */
export const reserve: Ports['reserve'] = (options?: object) =>
  sharedPorts().reserve(options as { count: number }) as never

/** Somebody on this machine has reserved `port` with this package: this process or another one. */
export function isReserved(port: number): boolean {
  return sharedPorts().isReserved(port)
}

/**
 * Releases ports or services that the plain functions have reserved.
 *
 * @returns The ports that were released; others are passed over.
 */
export function release(what: number | string | Iterable<number | string>): Promise<number[]> {
  return sharedPorts().release(what)
}

/** Everything that the plain functions have reserved, in the order of the ports. */
export const reservations: Ports['reservations'] = () => sharedPorts().reservations()

/** Reserves the port of a service and holds it; see {@link Ports.allocate}. */
export const allocate: Ports['allocate'] = (service: string, options?: object | number) =>
  sharedPorts().allocate(service, options as never) as never

/** Reserves every service that has no port yet, such as those of `load()`; see {@link Ports.allocateAll}. */
export const allocateAll: Ports['allocateAll'] = () => sharedPorts().allocateAll()

/** The reservation of a service; `undefined` while it has none. */
export const get: Ports['get'] = (service) => sharedPorts().get(service)

/** The port of every service that has one, by name. */
export const ports: Ports['ports'] = () => sharedPorts().ports()

/** The variables that publish the ports, for a child's environment: `{ API_PORT: '3000', … }`. */
export const env: Ports['env'] = () => sharedPorts().env()

/** The port that an environment variable says, else the fallback, reserved; see {@link Ports.fromEnvOr}. */
export const fromEnvOr: Ports['fromEnvOr'] = (variable, fallback, service) =>
  sharedPorts().fromEnvOr(variable, fallback, service)

/** What each reserved port is doing now. */
export const status: Ports['status'] = () => sharedPorts().status()

/** Waits until a port or a service is open, closed or healthy; see {@link Ports.waitFor}. */
export const waitFor: Ports['waitFor'] = (target, options) => sharedPorts().waitFor(target, options)

/** Nobody listens on the port or has reserved it, at this moment; see {@link Ports.isAvailable}. */
export const isAvailable: Ports['isAvailable'] = (port, host) =>
  sharedPorts().isAvailable(port, host)

/** The first port of a range that is available, not reserved; see {@link Ports.findAvailable}. */
export const findAvailable: Ports['findAvailable'] = (from, to, host) =>
  sharedPorts().findAvailable(from, to, host)

/** Why a service of this process, a plugin's too, has its port; see {@link Ports.explain}. */
export const explain: Ports['explain'] = (service) => sharedPorts().explain(service)

/** How full every range in use is; see {@link Ports.utilisation}. */
export const utilisation: Ports['utilisation'] = () => sharedPorts().utilisation()

/** Writes what the process's own instance is configured with; see {@link Ports.save}. */
export const save: Ports['save'] = (file) => sharedPorts().save(file)

/** Adds the services of a saved configuration; see {@link Ports.load}. */
export const load: Ports['load'] = (file) => sharedPorts().load(file)

/** Releases everything that the plain functions have reserved. */
export const close: Ports['close'] = () => sharedPorts().close()
