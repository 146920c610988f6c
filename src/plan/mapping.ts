import { PortsOptionError } from '../errors.ts'
import { entryOf, toServiceOptions } from '../options/instances.ts'
import { showPath } from '../options/show.ts'
import { checkAgainst, checked } from '../options/validate.ts'
import type { Allocation, Options, Protocol, ServiceOptions } from '../types.ts'
import { findMappingConflicts, type MappingConflict } from './mapping-conflicts.ts'
import { mappingSchema } from './mapping-schema.ts'

/** Where one service of a mapping is. */
export interface MappedService {
  /** `0` or absent with `protocol: 'unix'`. */
  readonly port?: number
  /** With `protocol: 'unix'`: where the server listens. */
  readonly path?: string
  readonly protocol: Protocol
  /** What the server binds; `true` for all interfaces. Default: as for any service. */
  readonly host?: string | boolean
  readonly description?: string
  readonly metadata?: Record<string, unknown>
}

/** The ports of a root as JSON can say them: to be kept, reviewed, or taken to another machine. */
export interface PortMapping {
  readonly version: 1
  /** Root whose services these are. Tells where they come from; an import doesn't go there. */
  readonly root?: string
  /** By service name. */
  readonly services: Readonly<Record<string, MappedService>>
}

/**
 * The mapping of some allocations, ready for `JSON.stringify`.
 *
 * @param root Their root, to be named in conflicts with other mappings.
 */
export function exportMapping(
  allocations: Iterable<Omit<Allocation, 'attempts' | 'source' | 'state' | 'url'>>,
  root?: string,
): PortMapping {
  const services = [...allocations].map((allocation): [string, MappedService] => {
    const { service, port, path, protocol = 'tcp', host, description, metadata } = allocation
    const place = protocol === 'unix' && path !== undefined ? { path } : { port }
    // What every service binds that says nothing is not worth pinning.
    const binds = protocol === 'unix' || host === 'localhost' ? {} : { host: host ?? true }
    return [
      service,
      {
        ...place,
        protocol,
        ...binds,
        ...(description !== undefined && { description }),
        ...(metadata && { metadata }),
      },
    ]
  })
  return { version: 1, ...(root !== undefined && { root }), services: Object.fromEntries(services) }
}

/**
 * `options` with the ports of a mapping: each service prefers its port there before any other of
 * its own. Services that `options` turns off stay off; those it doesn't know are added.
 *
 * @param input A mapping, or its JSON.
 * @param options Left as they are.
 * @throws PortsOptionError that names every key of the mapping that is damaged.
 */
export function importMapping(input: unknown, options: Options = {}): Options {
  const mapping = read(input, ['mapping'])
  const services: Record<string, ServiceOptions | number | boolean> = { ...options.services }
  const entries = Object.entries(mapping.services).map(([name, mapped]) => ({
    ...entryOf(name, options.services),
    mapped,
  }))
  // The ports of one entry are preferred in the order of their numbers.
  for (const { of, index, mapped } of entries.toSorted((a, b) => a.index - b.index)) {
    const given = services[of]
    if (given === false) continue
    services[of] = merge(toServiceOptions(given ?? true), mapped, index)
  }
  return { ...options, services }
}

/**
 * Conflicts within and between mappings, each with a `message` for people; none when all is well.
 *
 * A mapping without a root may be of any root: its services are the ones of the same name elsewhere.
 *
 * @param inputs Mappings, or their JSON.
 * @param options Whose pools the services belong to. Default: none.
 * @throws PortsOptionError for a damaged mapping.
 */
export function mappingConflicts(
  inputs: readonly unknown[],
  options: Options = {},
): MappingConflict[] {
  return findMappingConflicts(
    inputs.map((input, index) => read(input, ['mappings', index])),
    options,
  )
}

/**
 * One mapping of several; of a service's description and metadata the last one counts.
 *
 * @param inputs Mappings, or their JSON.
 * @throws PortsOptionError for a damaged mapping, and for conflicts between them, one line each.
 */
export function mergeMappings(...inputs: readonly unknown[]): PortMapping {
  const mappings = inputs.map((input, index) => read(input, ['mappings', index]))
  const conflicts = [
    ...findMappingConflicts(mappings),
    // In one mapping a service has one port, whatever roots the parts come from.
    ...findMappingConflicts(mappings.map(({ version, services }) => ({ version, services }))),
  ]
  if (conflicts.length > 0) {
    throw new PortsOptionError([...new Set(conflicts.map(({ message }) => message))].join('\n'))
  }
  const roots = new Set(mappings.map(({ root }) => root))
  const [root] = roots.size === 1 ? roots : []
  const services: Record<string, MappedService> = {}
  for (const mapping of mappings) {
    for (const [name, service] of Object.entries(mapping.services)) {
      services[name] = { ...services[name], ...service }
    }
  }
  return { version: 1, ...(root !== undefined && { root }), services }
}

/** Checks a mapping that comes from a file or from somebody else. */
function read(input: unknown, path: readonly (string | number)[]): PortMapping {
  return checked(checkAgainst(mappingSchema(), parsed(input, path)), path) as PortMapping
}

function parsed(input: unknown, path: readonly (string | number)[]): unknown {
  if (typeof input !== 'string') return input
  try {
    return JSON.parse(input)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new PortsOptionError(`${showPath(path)}: is no JSON (${why}).`)
  }
}

function merge(service: ServiceOptions, mapped: MappedService, index: number): ServiceOptions {
  const { port, path, protocol, host, description, metadata } = mapped
  const { contiguous = false, preferred = [] } = service
  // A block is where its first port is.
  const named = port && (index === 1 || !contiguous) ? [port] : []
  const given = typeof preferred === 'number' ? [preferred] : preferred
  const before = given.slice(0, index - 1)
  const all = [...new Set([...before, ...named, ...given.slice(index - 1)])]
  return {
    ...(host !== undefined && { host }),
    ...(description !== undefined && { description }),
    ...(metadata && { metadata }),
    // What somebody wrote by hand counts more than what was exported.
    ...service,
    ...(protocol !== 'tcp' && { protocol }),
    ...(path !== undefined && index === 1 && { path }),
    ...(all.length > 0 && { preferred: all }),
  }
}
