import type { ResolvedService } from './resolved.ts'
import { showPath, showValue } from './show.ts'
import { adviseName } from './suggest.ts'

/** The part of a service that says what it waits for. */
export type Dependent = Pick<ResolvedService, 'name' | 'instance' | 'dependsOn'>

/** The bundler's own services may be depended on, whichever of them this bundler has. */
const ALWAYS_THERE = new Set(['dev', 'hmr', 'preview'])

/** The name under which a service is written; with `count` one entry becomes several services. */
export function entryOf({ name, instance }: Pick<Dependent, 'name' | 'instance'>): string {
  return instance?.of ?? name
}

/** One line for each name in `dependsOn` that is no service, and one for each circle. */
export function dependencyProblems(services: readonly Dependent[]): string[] {
  const first = services.filter(({ instance }) => (instance?.index ?? 1) === 1)
  const byEntry = new Map(first.map((service) => [entryOf(service), service.dependsOn]))
  const problems = first.flatMap((service) => unknownNames(service, [...byEntry.keys()]))
  return problems.length > 0 ? problems : circles(byEntry)
}

/** `names` and everything that they depend on, directly or not. */
export function withDependencies(
  names: Iterable<string>,
  dependenciesOf: (name: string) => readonly string[],
): Set<string> {
  const found = new Set<string>()
  const add = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    for (const other of dependenciesOf(name)) add(other)
  }
  for (const name of names) add(name)
  return found
}

function unknownNames(service: Dependent, known: readonly string[]): string[] {
  return service.dependsOn
    .filter((name) => !known.includes(name) && !ALWAYS_THERE.has(name))
    .map(
      (name) =>
        `${showPath(['services', entryOf(service), 'dependsOn'])}: ${showValue(name)} is no service. ${adviseName(name, known)}`,
    )
}

function circles(byEntry: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const problems: string[] = []
  const visit = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name)
    if (at !== -1) {
      const circle = [...trail.slice(at), name].map((one) => `"${one}"`).join(' -> ')
      problems.push(
        `${showPath(['services', name, 'dependsOn'])}: a circle, ${circle}: none of them could start first.`,
      )
      return
    }
    if (done.has(name)) return
    for (const other of byEntry.get(name) ?? []) visit(other, [...trail, name])
    done.add(name)
  }
  for (const name of byEntry.keys()) visit(name, [])
  return problems
}
