import type { Protocol } from '../types.ts'

/**
 * What a service listens on, as one value that can be compared and sent to other processes: a TCP
 * port as its number, `udp:5353`, or `unix:` and the path of a socket or named pipe.
 */
export type Endpoint = number | `udp:${number}` | `unix:${string}`

/** The parts of an endpoint, as allocations and attempts carry them. */
export interface EndpointParts {
  /** `0` with a path. */
  readonly port: number
  /** Default: `'tcp'`. */
  readonly protocol?: Protocol | undefined
  /** With `protocol: 'unix'`. */
  readonly path?: string | undefined
}

/** The endpoint of these parts. */
export function endpointOf({ port, protocol, path }: EndpointParts): Endpoint {
  if (path !== undefined) return `unix:${path}`
  return protocol === 'udp' ? `udp:${port}` : port
}

/** The parts of an endpoint; without `protocol` for TCP. */
export function endpointParts(endpoint: Endpoint): EndpointParts {
  if (typeof endpoint === 'number') return { port: endpoint }
  const value = endpoint.slice(endpoint.indexOf(':') + 1)
  return endpoint.startsWith('unix:')
    ? { port: 0, protocol: 'unix', path: value }
    : { port: Number(value), protocol: 'udp' }
}

/** An endpoint for people: `3000`, `5353/udp`, `/run/user/1000/api.sock`. */
export function endpointText({ port, protocol, path }: EndpointParts): string {
  return path ?? (protocol === 'udp' ? `${port}/udp` : String(port))
}
