import type { ResolvedOptions } from '../options/resolved.ts'
import { type EnvWrite, updateEnvFile } from '../output/env-file.ts'
import { isGitIgnored } from '../output/git-ignored.ts'
import { portInValue } from '../output/port-in-value.ts'
import { blockVariables, type PublishedService } from '../output/variables.ts'
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
 * @param left A port that one of the services has just moved away from.
 */
export function* publish(
  services: readonly PublishedService[],
  env: NonNullable<ResolvedOptions['env']>,
  files: EnvFiles & { blockFile: string; blockName: string },
  use: SessionUse,
  replaced: SessionUse | undefined,
  left?: number,
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
  left: number | undefined,
): Steps<ReadonlyMap<string, string>> {
  const { identity, uses } = use.session
  const own = new Set(services.map((service) => service.port))
  const lines = [...block].map(([name, value]) => ({ name, value, port: portInValue(value) }))
  const ports = new Set(lines.flatMap(({ port }) => (port && !own.has(port) ? [port] : [])))
  const others = [...uses].filter((other) => other !== use && other !== replaced)
  const here = new Set(others.flatMap((o) => [...o.reservations.values()].map((r) => r.port)))
  const leaving = new Set([...(replaced?.reservations.values() ?? [])].map((r) => r.port))
  if (left !== undefined) leaving.add(left)
  const elsewhere = [...ports].filter((port) => !here.has(port))
  const leases = elsewhere.length > 0 ? yield* ask({ ask: 'leases', ports: elsewhere }) : undefined
  const isTheirs = (port: number): boolean => {
    const lease = leases?.get(port)
    // Not by its pid: other threads of this process have sessions of their own.
    return here.has(port) || (lease?.root === identity.root && !leaving.has(port))
  }
  return new Map(
    lines.flatMap(({ name, value, port }) => (port && isTheirs(port) ? [[name, value]] : [])),
  )
}

async function ignoreAdvice(file: string, name: string): Promise<string | undefined> {
  if ((await isGitIgnored(file)) !== false) return undefined
  return `git does not ignore ${name}, and its ports differ in every checkout: add \`${name}\` to .gitignore.`
}
