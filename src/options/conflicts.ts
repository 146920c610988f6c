import { dependencyProblems } from './dependencies.ts'
import type { ResolvedOptions, ResolvedService } from './resolved.ts'
import { showPath } from './show.ts'

/** Who has a variable already, and which of its values. */
interface Owner {
  readonly service: string
  /** Where the service is written, with `count` another name than its own. */
  readonly entry: string
  readonly value: PublishedValue
}

type PublishedValue = 'port' | 'url' | 'target'

/** What two services of the same options ask for and only one can have: one line each, empty when all is well. */
export function findConflicts(options: Pick<ResolvedOptions, 'services' | 'env'>): string[] {
  return [
    ...variableConflicts(options.services, options.env?.prefix),
    ...proxyConflicts(options.services),
    ...pathConflicts(options.services),
    ...dependencyProblems(options.services),
  ]
}

function variableConflicts(
  services: readonly ResolvedService[],
  prefix: string | undefined,
): string[] {
  const owners = new Map<string, Owner>()
  const problems: string[] = []
  for (const [variable, claim] of publishedVariables(services)) {
    for (const spelling of spellings(variable, prefix)) {
      const owner = owners.get(spelling)
      if (owner && (owner.service !== claim.service || owner.value !== claim.value)) {
        problems.push(describeVariable(spelling, claim, owner))
        // The prefixed spelling clashes wherever the plain one does; one line says it.
        break
      }
      owners.set(spelling, claim)
    }
  }
  return problems
}

function* publishedVariables(services: readonly ResolvedService[]): Iterable<[string, Owner]> {
  for (const { name, instance, env } of services) {
    for (const value of ['port', 'url', 'target'] as const) {
      for (const variable of env[value])
        yield [variable, { service: name, entry: instance?.of ?? name, value }]
    }
  }
}

function spellings(variable: string, prefix: string | undefined): string[] {
  return prefix === undefined || variable.startsWith(prefix)
    ? [variable]
    : [variable, prefix + variable]
}

function describeVariable(variable: string, claim: Owner, owner: Owner): string {
  const path = showPath(['services', claim.entry, 'env'])
  return claim.entry === owner.entry
    ? `${path}: "${variable}" is the name of both its ${owner.value} and its ${claim.value}; choose another for one of them.`
    : `${path}: "${variable}" is published by ${showPath(['services', owner.entry])} already; choose another name for one of them in "env".`
}

function proxyConflicts(services: readonly ResolvedService[]): string[] {
  const owners = new Map<string, string>()
  const problems: string[] = []
  for (const service of services) {
    for (const { context } of service.proxy) {
      const owner = owners.get(context)
      if (owner === undefined) owners.set(context, service.name)
      else {
        problems.push(
          `${showPath(['services', service.name, 'proxy'])}: "${context}" is forwarded to ${showPath(['services', owner])} already.`,
        )
      }
    }
  }
  return problems
}

function pathConflicts(services: readonly ResolvedService[]): string[] {
  const owners = new Map<string, string>()
  return services.flatMap(({ name, path }) => {
    if (path === undefined) return []
    const owner = owners.get(path)
    owners.set(path, owner ?? name)
    if (owner === undefined) return []
    const [mine, theirs] = [showPath(['services', name, 'path']), showPath(['services', owner])]
    return [`${mine}: ${theirs} has this path already; choose another for one of them.`]
  })
}
