import { isDeepStrictEqual } from 'node:util'
import { PortsOptionError } from '../errors.ts'
import { isPlainObject } from '../options/plain-object.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'
import type { Allocation, Options, ServiceOptions } from '../types.ts'

/** A service as it is written in options. */
export type GivenService = ServiceOptions | number | boolean

/** The services that an instance is configured with, and those that were added while it ran. */
export class ServiceBook {
  readonly #options: Options
  readonly #resolved: ResolvedOptions

  /** @throws PortsOptionError for options that can't be understood. */
  constructor(options: Options) {
    this.#resolved = resolveOptions(options)
    this.#options = options
  }

  /** Everything as it was given. */
  get options(): Options {
    return this.#options
  }

  /** Every option with its default; the one place from which allocations get them. */
  resolve(): ResolvedOptions {
    return this.#resolved
  }

  /**
   * This book with one service more, or with other options for one.
   *
   * @param has The service has its port, so its options stay as they are.
   */
  with(name: string, given: GivenService | undefined, has: boolean): ServiceBook {
    const known = this.#given(name)
    if (given === undefined && known !== undefined && known !== false) return this
    if (has && known !== undefined) {
      if (isDeepStrictEqual(toObject(known), toObject(given))) return this
      throw new PortsOptionError(
        `services.${name}: has its port already, with other options. Release it before you allocate it anew.`,
      )
    }
    return this.merged({ services: { [name]: given ?? {} } })
  }

  /** This book with further options, which win; services one by one. */
  merged(more: Options): ServiceBook {
    const { services, pools, ...rest } = more
    return new ServiceBook({
      ...this.#options,
      ...rest,
      ...((pools ?? this.#options.pools) && { pools: { ...this.#options.pools, ...pools } }),
      services: { ...this.#options.services, ...services },
    })
  }

  /** The options with the present ports of services as their first preferred ones, for a next run. */
  remembering(had: ReadonlyMap<string, Allocation>): Options {
    // Where the project lies is no part of what it wants.
    const { root: _, services, ...rest } = this.#options
    const remembered = Object.entries(services ?? {}).map(([name, given]) => {
      const { port = 0, source = 'typed' } = had.get(name) ?? {}
      const asked = source === 'typed' || source === 'env'
      const service = toObject(given)
      // A port for this one run is no preference, and a pool chooses by itself.
      if (port === 0 || asked || service.pool !== undefined) return [name, given] as const
      const { preferred = [] } = service
      const before = typeof preferred === 'number' ? [preferred] : preferred
      return [name, { ...service, preferred: [...new Set([port, ...before])] }] as const
    })
    return { ...rest, services: Object.fromEntries(remembered) }
  }

  /** What is written for a service as an object: `3000` is `{ preferred: 3000 }`. */
  given(name: string): ServiceOptions {
    return toObject(this.#given(name))
  }

  #given(name: string): GivenService | undefined {
    const { services = {} } = this.#options
    return Object.hasOwn(services, name) ? services[name] : undefined
  }
}

/** The services that come together with `name`: all of its `count`, and the rest of its group. */
export function companions(services: readonly ResolvedService[], name: string): ResolvedService[] {
  const named = services.filter((s) => s.name === name || s.instance?.of === name)
  const groups = new Set(named.flatMap(({ group }) => group ?? []))
  return services.filter((s) => named.includes(s) || (s.group !== undefined && groups.has(s.group)))
}

function toObject(given: GivenService | undefined): ServiceOptions {
  if (typeof given === 'number') return { preferred: given }
  return isPlainObject(given) ? given : {}
}
