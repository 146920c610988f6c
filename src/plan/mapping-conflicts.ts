import { isInRange, showRange } from '../options/ranges.ts'
import { entryOf, toServiceOptions } from '../options/instances.ts'
import { resolvePools } from '../options/pools.ts'
import type { Range } from '../options/resolved.ts'
import type { Options, Protocol } from '../types.ts'
import { gather } from '../utils/gather.ts'
import type { MappedService, PortMapping } from './mapping.ts'

/** A service of a root. */
export interface MappedPlace {
  /** Absent where the mapping doesn't say. */
  readonly root?: string
  readonly service: string
}

/** What can't be true of several mappings, or of one and the options, at once. */
export type MappingConflict = Clash & {
  /** One line for people. */
  readonly message: string
}

type Clash =
  /** Several services on one port, or one of several roots. */
  | {
      readonly kind: 'port'
      readonly port: number
      readonly protocol: Protocol
      readonly places: readonly MappedPlace[]
    }
  /** One service of one root on several ports. */
  | {
      readonly kind: 'service'
      readonly service: string
      readonly root?: string
      readonly ports: readonly number[]
    }
  /** A port outside the pool that its service refers to. */
  | {
      readonly kind: 'pool'
      readonly service: string
      readonly root?: string
      readonly port: number
      readonly pool: string
      readonly range: readonly [from: number, to: number]
    }

interface Entry extends MappedPlace {
  readonly mapped: MappedService
  readonly port: number
}

/** See `mappingConflicts`; the mappings were checked. */
export function findMappingConflicts(
  mappings: readonly PortMapping[],
  options: Options = {},
): MappingConflict[] {
  const entries = mappings.flatMap(({ root, services }) =>
    Object.entries(services).flatMap(([service, mapped]): Entry[] => {
      const place = { service, ...(root !== undefined && { root }) }
      return mapped.port ? [{ ...place, mapped, port: mapped.port }] : []
    }),
  )
  const clashes = [
    ...portConflicts(entries),
    ...serviceConflicts(entries),
    ...poolConflicts(entries, options),
  ]
  return clashes.map((clash) => ({ ...clash, message: describe(clash) }))
}

function describe(conflict: Clash): string {
  switch (conflict.kind) {
    case 'port': {
      const places = conflict.places.map(describePlace).join(' and ')
      return `${conflict.protocol} port ${conflict.port} is mapped to ${places}; give one of them another port.`
    }
    case 'service':
      return `${describePlace(conflict)} is mapped to ports ${conflict.ports.join(' and ')}; keep one of them.`
    default: {
      const [from, to] = conflict.range
      return `${describePlace(conflict)} is mapped to port ${conflict.port}, outside pool "${conflict.pool}" (${showRange({ from, to })}); choose one in it.`
    }
  }
}

function describePlace({ service, root }: MappedPlace): string {
  return root === undefined ? `"${service}"` : `"${service}" of ${root}`
}

function portConflicts(entries: readonly Entry[]): Clash[] {
  const byPort = gather(entries, ({ mapped, port }) => `${mapped.protocol} ${port}`)
  return byPort.flatMap((group): Clash[] => {
    const places = distinct(group)
    const [first] = group
    if (!first || places.length < 2) return []
    return [{ kind: 'port', port: first.port, protocol: first.mapped.protocol, places }]
  })
}

function serviceConflicts(entries: readonly Entry[]): Clash[] {
  return distinct(entries).flatMap(({ service, root }): Clash[] => {
    const same = entries.filter((entry) =>
      isSame(entry, { service, ...(root !== undefined && { root }) }),
    )
    const ports = [...new Set(same.map(({ port }) => port))]
    if (ports.length < 2) return []
    return [{ kind: 'service', service, ...(root !== undefined && { root }), ports }]
  })
}

function poolConflicts(entries: readonly Entry[], options: Options): Clash[] {
  const ranges = new Map<string, Range>(
    resolvePools(options).map(({ name, range }) => [name, range]),
  )
  return entries.flatMap(({ service, root, port }): Clash[] => {
    const { of } = entryOf(service, options.services)
    const { pool } = toServiceOptions(options.services?.[of] ?? true)
    const range = pool === undefined ? undefined : ranges.get(pool)
    if (pool === undefined || !range || isInRange(port, range)) return []
    const place = { service, ...(root !== undefined && { root }) }
    return [{ kind: 'pool', ...place, port, pool, range: [range.from, range.to] }]
  })
}

/** Each service of each root once; one without a root only where no other has its name. */
function distinct(places: readonly MappedPlace[]): MappedPlace[] {
  const found: MappedPlace[] = []
  // Those with a root first, so that the ones without find theirs.
  const rooted = places.toSorted(
    (a, b) => Number(a.root === undefined) - Number(b.root === undefined),
  )
  for (const { service, root } of rooted) {
    const place = { service, ...(root !== undefined && { root }) }
    if (!found.some((known) => isSame(known, place))) found.push(place)
  }
  return found
}

function isSame(a: MappedPlace, b: MappedPlace): boolean {
  return (
    a.service === b.service && (a.root === b.root || a.root === undefined || b.root === undefined)
  )
}
