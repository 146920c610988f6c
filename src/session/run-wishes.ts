import type { RunRequest } from '../bundlers/adapter.ts'
import { collectWishes, isBlockLoaded } from '../options/wishes.ts'
import type { Wish } from '../plan/plan.ts'
import type { Session } from '../reservation/session.ts'
import type { EnvFiles } from './env-files.ts'

/** The ports that people typed for a run's services, on the command line, in the environment and in env files. */
export interface RunWishes {
  /** In the order in which they count; of each service an entry. */
  readonly byService: Readonly<Record<string, readonly Wish[]>>
  /** Of variables that carry no port. */
  readonly warnings: readonly string[]
}

/**
 * Collects the typed ports of what `request` asks for.
 *
 * @param session Knows with which block this process was started, if with any: it stays nobody's
 * wish when the block says something else.
 */
export function wishesOf(
  { services, typed }: Pick<RunRequest, 'services' | 'typed'>,
  { users, block }: Pick<EnvFiles, 'users' | 'block'>,
  env: Readonly<Record<string, string | undefined>>,
  session: Pick<Session, 'loadedBlock'>,
): RunWishes {
  const all = services.map(({ service }) => service)
  if (isBlockLoaded({ process: env, block })) session.loadedBlock = block
  const set = collectWishes(all, {
    process: env,
    files: users,
    block: session.loadedBlock ?? block,
  })
  const byService = Object.fromEntries(
    all.map(({ name }) => [name, [...(typed[name] ?? []), ...(set.byService[name] ?? [])]]),
  )
  return { byService, warnings: set.warnings }
}

/** The services whose typed ports are others now; where they were typed is of no account. */
export function changedWishes(
  before: Readonly<Record<string, readonly Wish[]>>,
  now: Readonly<Record<string, readonly Wish[]>>,
): string[] {
  const portsOf = (wishes: readonly Wish[] = []): string => wishes.map(({ port }) => port).join()
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].filter((name) => portsOf(before[name]) !== portsOf(now[name]))
}
