import { PortsOptionError } from '../errors.ts'
import { entryOf, withDependencies } from '../options/dependencies.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { adviseName } from '../options/suggest.ts'

/** The services that one `ports dev` is about. */
export interface Selection {
  /** Named on the command line; empty for all. */
  readonly names: readonly string[]
  readonly profiles: readonly string[]
}

/**
 * The named services, or all that no other profile is for, with everything that they depend on.
 * Those of the bundler without a command are left to the bundler.
 *
 * @throws PortsOptionError for a name or profile that no service has.
 */
export function selectServices(
  all: readonly ResolvedService[],
  { names, profiles }: Selection,
): ResolvedService[] {
  const entries = [...new Set(all.map(entryOf))]
  const unknown = names.find((name) => !entries.includes(name))
  if (unknown !== undefined) {
    throw new PortsOptionError(
      `there is no service ${JSON.stringify(unknown)}. ${adviseName(unknown, entries)}`,
    )
  }
  const known = [...new Set(all.flatMap((service) => service.profiles))]
  const strange = profiles.find((profile) => !known.includes(profile))
  if (strange !== undefined) {
    const advice = known.length > 0 ? adviseName(strange, known) : 'No service has "profiles".'
    throw new PortsOptionError(`no service has the profile ${JSON.stringify(strange)}. ${advice}`)
  }
  const isWanted = (service: ResolvedService): boolean =>
    names.length > 0
      ? names.includes(entryOf(service))
      : service.profiles.length === 0 || service.profiles.some((one) => profiles.includes(one))
  const needed = withDependencies(all.filter(isWanted).map(entryOf), (name) =>
    all.filter((one) => entryOf(one) === name).flatMap((one) => one.dependsOn),
  )
  const selected = all.filter(
    (service) =>
      needed.has(entryOf(service)) &&
      (service.process !== undefined || service.kind === 'external'),
  )
  if (selected.some(({ process }) => process)) return selected
  const whose = names.length > 0 ? `of ${names.join(', ')}` : 'here that no other profile is for'
  throw new PortsOptionError(`no service ${whose} has a command.`)
}
