import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LeaseAnswer } from '../lease/answer.ts'
import { resolveOptions } from '../options/resolve.ts'
import { readEnvBlock } from '../output/env-block.ts'
import { readEnvText } from '../output/env-file.ts'
import { portInValue } from '../output/port-in-value.ts'
import { serviceVariables } from '../output/variables.ts'
import { type Here, leasesHere, nearestRoot } from './leases-here.ts'

/** The variables of a checkout's running services. */
export interface LiveVariables {
  readonly variables: ReadonlyMap<string, string>
  /** For people: names that two roots of the checkout mean different things by. */
  readonly warnings: readonly string[]
}

/**
 * The variables of the services that run now in the root around `cwd`, else in the whole checkout:
 * those lines of the managed blocks whose port is leased, and for services that no block names the
 * ones that they have by default.
 */
export async function liveVariables(here: Here): Promise<LiveVariables> {
  const leases = nearestRoot(await leasesHere(here), here.cwd)
  const variables = new Map<string, string>()
  const warnings: string[] = []
  for (const [root, own] of byRoot(leases)) {
    for (const [name, value] of variablesOf(root, own)) {
      const other = variables.get(name)
      if (other === undefined) variables.set(name, value)
      else if (other !== value) {
        warnings.push(
          `${name} is ${other} in one root of this checkout and ${value} in ${root}; the first one is given. Go to the root that is meant, or pass it as --cwd.`,
        )
      }
    }
  }
  return { variables, warnings }
}

function byRoot(leases: readonly LeaseAnswer[]): Map<string, LeaseAnswer[]> {
  const groups = new Map<string, LeaseAnswer[]>()
  for (const lease of leases) groups.set(lease.root, [...(groups.get(lease.root) ?? []), lease])
  return groups
}

function variablesOf(root: string, leases: readonly LeaseAnswer[]): Map<string, string> {
  const live = new Set(leases.map(({ port }) => port))
  const named = new Set<number>()
  const variables = new Map<string, string>()
  for (const [name, value] of blocksOf(root)) {
    const port = portInValue(value)
    if (port === undefined || !live.has(port)) continue
    variables.set(name, value)
    named.add(port)
  }
  for (const { service, port } of leases) {
    if (named.has(port)) continue
    for (const [name, value] of defaultVariables(service, port)) {
      if (!variables.has(name)) variables.set(name, value)
    }
  }
  return variables
}

/** What the managed blocks of a root's env files say; which file it is depends on a config that isn't read here. */
function blocksOf(root: string): [string, string][] {
  let names: string[]
  try {
    names = readdirSync(root).filter((name) => name.startsWith('.env'))
  } catch {
    return []
  }
  return names.toSorted().flatMap((name) => {
    const text = readEnvText(join(root, name))
    return text === undefined ? [] : [...readEnvBlock(text)]
  })
}

/** The variables that a service has when nobody says otherwise, with their values. */
export function defaultVariables(service: string, port: number): [string, string][] {
  const [resolved] = resolveOptions({ services: { [service]: {} } }).services
  if (!resolved) return []
  return serviceVariables({ service, port, url: `http://localhost:${port}`, env: resolved.env })
}
