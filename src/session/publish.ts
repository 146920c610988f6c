import type { ResolvedOptions } from '../options/resolved.ts'
import { type EnvWrite, updateEnvFile } from '../output/env-file.ts'
import { isGitIgnored } from '../output/git-ignored.ts'
import { blockVariables, type PublishedService } from '../output/variables.ts'
import { type Endpoint, endpointOf } from '../net/endpoint.ts'
import { ask, type Steps } from '../reservation/questions.ts'
import type { SessionUse } from '../reservation/session.ts'
import type { EnvFiles } from './env-files.ts'

/** What came of writing the block. */
export interface Published {
  readonly warnings: readonly string[]
  /** Absent when nothing had to be written, or nothing could be. */
  readonly write: EnvWrite | undefined
  /** Settles with one more warning when git would take the new file. */
  readonly later: Promise<string | undefined>
}

/**
 * Writes this run's variables into the managed block; equal content writes nothing.
 *
 * @param left What one of the services has just moved away from.
 */
export function* publish(
  services: readonly PublishedService[],
  env: NonNullable<ResolvedOptions['env']>,
  files: EnvFiles & { blockFile: string; blockName: string },
  use: SessionUse,
  replaced: SessionUse | undefined,
  left?: Endpoint,
): Steps<Published> {
  const { blockFile, blockName } = files
  const mine = blockVariables(services, env.prefix, files.users, blockName)
  const theirs = yield* ofOtherServers(files.block, services, use, replaced, left)
  const result = updateEnvFile(blockFile, (current) => {
    const kept = [...current].filter(([name, value]) => theirs.get(name) === value)
    // Their lines stay as they are: two sessions that overwrote each other would never come to rest.
    return new Map([...mine.variables, ...kept])
  })
  const warnings = [...mine.warnings]
  if (result.status === 'refused') {
    warnings.push(
      `${blockName} was not written: ${result.reason ?? 'it could not be'}. The ports are not in it; set env.file to another file, or env: false.`,
    )
  }
  return {
    warnings,
    write: result.write,
    later: result.firstBlock ? ignoreAdvice(blockFile, blockName) : Promise.resolve(undefined),
  }
}

/** Lines of the block that another running server of this very root wrote and still means. */
function* ofOtherServers(
  block: ReadonlyMap<string, string>,
  services: readonly PublishedService[],
  use: SessionUse,
  replaced: SessionUse | undefined,
  left: Endpoint | undefined,
): Steps<ReadonlyMap<string, string>> {
  const { identity, uses } = use.session
  const own = new Set(services.map(endpointOf))
  const lines = [...block].map(([name, value]) => ({ name, value, means: endpointsIn(value) }))
  const mentioned = new Set(lines.flatMap(({ means }) => means.filter((it) => !own.has(it))))
  const others = [...uses].filter((other) => other !== use && other !== replaced)
  const here = new Set(others.flatMap(reserved))
  const leaving = new Set(replaced && reserved(replaced))
  if (left !== undefined) leaving.add(left)
  const endpoints = [...mentioned].filter((endpoint) => !here.has(endpoint))
  const leases = endpoints.length > 0 ? yield* ask({ ask: 'leases', endpoints }) : undefined
  const isTheirs = (endpoint: Endpoint): boolean => {
    const lease = leases?.get(endpoint)
    // Not by its pid: other threads of this process have sessions of their own.
    return here.has(endpoint) || (lease?.root === identity.root && !leaving.has(endpoint))
  }
  return new Map(
    lines.flatMap(({ name, value, means }) => (means.some(isTheirs) ? [[name, value]] : [])),
  )
}

function reserved(use: SessionUse): Endpoint[] {
  return [...use.reservations.values()].map((reservation) => reservation.endpoint)
}

/** What `3000`, `http://localhost:3000`, `/run/api.sock` and `unix:/run/api.sock` may mean. */
function endpointsIn(value: string): Endpoint[] {
  const url = /^unix:(.*)$/.exec(value)?.[1]
  if (url !== undefined) return [`unix:${decoded(url)}`]
  if (/^[/\\]/.test(value)) return [`unix:${value}`]
  const digits = /^(\d+)$|:(\d+)\/?$/.exec(value)
  const port = Number(digits?.[1] ?? digits?.[2])
  return port > 0 ? [port, `udp:${port}`] : []
}

/** Somebody may have edited the line. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function ignoreAdvice(file: string, name: string): Promise<string | undefined> {
  if ((await isGitIgnored(file)) !== false) return undefined
  return `git does not ignore ${name}, and its ports differ in every checkout: add \`${name}\` to .gitignore.`
}
