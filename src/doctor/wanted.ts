import type { ResolvedOptions, ResolvedService } from '../options/resolved.ts'

/** What the options of a project want, as far as checks look at it. */
export type WantedService = Pick<
  ResolvedService,
  'name' | 'kind' | 'preferred' | 'range' | 'rangeGiven' | 'protocol' | 'host' | 'browser' | 'env'
>

/**
 * The services that somebody wrote down.
 *
 * @param named Their names.
 */
export function wantedServices(
  { services }: Pick<ResolvedOptions, 'services'>,
  named: ReadonlySet<string>,
): WantedService[] {
  return services.filter(({ name, protocol, instance }) => {
    return protocol !== 'unix' && named.has(instance?.of ?? name)
  })
}

/** The ports that a service is likely to get: the preferred ones, else its range when that was given. */
export function isWanted({ preferred, range, rangeGiven }: WantedService, port: number): boolean {
  return preferred.includes(port) || (rangeGiven && port >= range.from && port <= range.to)
}
