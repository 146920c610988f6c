import type { ResolvedOptions, ResolvedService } from '../../options/resolved.ts'
import type { HostService, RunRequest } from '../adapter.ts'

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
    envFiles: ['.env', '.env.local', '.env.development', '.env.development.local'],
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
    typed: flag === undefined ? {} : { dev: [{ port: flag, source: 'typed', from: '--port' }] },
  }
}

/** Where a port is looked for when any will do. */
const ANY = { from: 20_000, to: 32_767 }

function withPort(service: ResolvedService, port: number | undefined): ResolvedService {
  if (port === undefined) return service
  if (port === 0) return { ...service, preferred: [], range: ANY, rangeGiven: true }
  const preferred = [port, ...service.preferred.filter((other) => other !== port)]
  const range = service.rangeGiven ? service.range : { from: port, to: Math.min(port + 99, 65_535) }
  return { ...service, preferred, range }
}
