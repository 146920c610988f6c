import type { ResolvedOptions } from '../../options/resolved.ts'
import type { HostService, RunRequest } from '../adapter.ts'
import { envFileNames, typedPort, withPort } from '../own-port.ts'

/**
 * What to reserve beside a bundler that has no server a plugin could set up: every service is
 * somebody else's server, so its port is leased.
 *
 * @param later Services that are left out now and reserved when their server is started.
 */
export function plainRequest(
  options: ResolvedOptions,
  root: string,
  later: readonly string[] = [],
): RunRequest {
  const services = options.services
    .filter(({ name }) => !later.includes(name))
    .map((service): HostService => ({ service, host: service.host, hold: false, secure: false }))
  return {
    options,
    services,
    shared: {},
    later: options.services.flatMap(({ name }) => (later.includes(name) ? [name] : [])),
    typed: {},
    root,
    envDirectory: root,
    // The bundler reads none; people set ports in these for the other tools of the same project.
    envFiles: envFileNames('development'),
  }
}

/** How a server that is started by a program wants its port. */
export interface ServedDev {
  /** Tried first; `0` asks for any free port. */
  readonly port: number | undefined
  readonly host: string | boolean
  readonly secure: boolean
  /** The port of `--port`, when it is this server's. */
  readonly flag: number | undefined
}

/** The same with `dev` for a server that is about to be started: held until then. */
export function servedRequest(options: ResolvedOptions, root: string, dev: ServedDev): RunRequest {
  const request = plainRequest(options, root, ['dev'])
  const service = options.services.find(({ name }) => name === 'dev')
  if (!service) return request
  const wanted = withPort(service, dev.port)
  const { flag, host, secure } = dev
  return {
    ...request,
    services: [{ service: wanted, host, hold: true, secure }, ...request.services],
    later: [],
    typed: typedPort('dev', flag),
  }
}
