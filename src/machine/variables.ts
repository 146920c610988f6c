import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LeaseAnswer } from '../lease/answer.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { readEnvBlock } from '../output/env-block.ts'
import { readEnvText } from '../output/env-file.ts'
import { portInValue } from '../output/port-in-value.ts'
import { serviceVariables } from '../output/variables.ts'
import { configuredServices } from './configured-services.ts'
import { allLeasesHere, type Here, nearestRoot } from './leases-here.ts'

/** The variables of a checkout's running services. */
export interface LiveVariables {
  readonly variables: ReadonlyMap<string, string>
  /** For people: names that two roots of the checkout mean different things by. */
  readonly warnings: readonly string[]
}

/**
 * The variables of the services that run now in the root around `cwd`, else in the whole checkout:
 * those lines of the managed blocks whose port is leased, and for services that no block names the
 * ones that the config file says, or that they have by default.
 */
export async function liveVariables(here: Here): Promise<LiveVariables> {
  const leases = nearestRoot(await allLeasesHere(here), here.cwd)
  const variables = new Map<string, string>()
  const warnings: string[] = []
  for (const [root, own] of byRoot(leases)) {
    const configured = await configuredServices(root).catch((error: unknown) => {
      warnings.push(`its own variable names are not known: ${messageOf(error)}`)
      return []
    })
    for (const [name, value] of variablesOf(root, own, configured)) {
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

/** An environment with these variables, where it says nothing of them itself; an empty value says nothing. */
export function withVariables(
  env: Readonly<Record<string, string | undefined>>,
  variables: LiveVariables['variables'],
): Record<string, string | undefined> {
  return { ...env, ...Object.fromEntries([...variables].filter(([name]) => !env[name])) }
}

function byRoot(leases: readonly LeaseAnswer[]): Map<string, LeaseAnswer[]> {
  const groups = new Map<string, LeaseAnswer[]>()
  for (const lease of leases) groups.set(lease.root, [...(groups.get(lease.root) ?? []), lease])
  return groups
}

function variablesOf(
  root: string,
  leases: readonly LeaseAnswer[],
  configured: readonly ResolvedService[],
): Map<string, string> {
  const live = new Set(leases.map(({ port }) => port))
  const named = new Set<number>()
  const variables = new Map<string, string>()
  for (const [name, value] of blocksOf(root)) {
    const port = portInValue(value)
    if (port === undefined || !live.has(port)) continue
    variables.set(name, value)
    named.add(port)
  }
  for (const lease of leases) {
    if (lease.path === undefined && named.has(lease.port)) continue
    for (const [name, value] of ownVariables(lease, configured)) {
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
  return ownVariables({ service, port }, [])
}

function ownVariables(
  { service, port, protocol, path }: Pick<LeaseAnswer, 'service' | 'port' | 'protocol' | 'path'>,
  configured: readonly ResolvedService[],
): [string, string][] {
  const [byDefault] = resolveOptions({ services: { [service]: {} } }).services
  const resolved = configured.find(({ name }) => name === service) ?? byDefault
  if (!resolved) return []
  const scheme = protocol === 'udp' ? 'udp' : resolved.scheme
  const url = path === undefined ? `${scheme}://localhost:${port}` : `unix:${path}`
  return serviceVariables({ service, port, path, url, env: resolved.env })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
