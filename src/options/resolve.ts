import { PortsOptionError } from '../errors.ts'
import type { Options, PortRange } from '../types.ts'
import { findConflicts } from './conflicts.ts'
import { findLayoutProblems } from './layout-problems.ts'
import { isPlainObject } from './plain-object.ts'
import { resolvePools } from './pools.ts'
import { parseRange } from './ranges.ts'
import type { Range, ResolvedOptions } from './resolved.ts'
import { type BuiltInPorts, resolveServices } from './services.ts'
import { validateOptions } from './validate.ts'

export type { BuiltInPorts } from './services.ts'

/** File of the managed block, relative to the bundler's env directory. */
const DEFAULT_ENV_FILE = '.env.local'

/** The port variable of `hmr` where the bundler has no name for it. */
const HMR_VARIABLE = 'HMR_PORT'

/**
 * The options with every default filled in.
 *
 * Pure: reads neither the environment nor the disk, and leaves `options` as they are.
 *
 * @param builtIn The ports of the bundler's own servers; without any, only the user's services exist.
 * @param hmrVariable The port variable of `hmr`.
 * @throws PortsOptionError that lists every problem, one line each. Two services that ask for the
 * same variable or proxied path, and pools that don't fit, are reported once every option by itself is
 * right.
 */
export function resolveOptions(
  options: Options | undefined,
  builtIn: BuiltInPorts = {},
  hmrVariable: string = HMR_VARIABLE,
): ResolvedOptions {
  // Most projects start with nothing set, and the schema costs more than the rest together.
  const given = saysNothing(options) ? {} : validateOptions(options)
  const pools = resolvePools(given)
  refuse(findLayoutProblems(given, pools))
  const resolved: ResolvedOptions = {
    services: resolveServices(given, { builtIn, hmrVariable, pools }),
    pools,
    exclude: (given.exclude ?? []).flatMap(toRanges),
    strict: given.strict,
    strategy: given.strategy,
    host: given.host,
    env: resolveEnvFile(given.env),
    summary: given.summary ?? true,
    sticky: given.sticky,
    compose: given.compose ?? false,
    statusPage: given.statusPage ?? true,
    titlePrefix: given.titlePrefix ?? false,
    notice: given.notice ?? true,
    root: given.root,
  }
  refuse(findConflicts(resolved))
  return resolved
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new PortsOptionError(problems.join('\n'))
}

function saysNothing(options: unknown): boolean {
  try {
    return options === undefined || (isPlainObject(options) && Object.keys(options).length === 0)
  } catch {
    // A proxy that throws; whoever validates it says so.
    return false
  }
}

function toRanges(item: number | PortRange): Range[] {
  const range = typeof item === 'number' ? { from: item, to: item } : parseRange(item)
  return range ? [range] : []
}

function resolveEnvFile(env: Options['env']): ResolvedOptions['env'] {
  if (env === false) return undefined
  const { file, prefix } = typeof env === 'object' ? env : {}
  return { file: file ?? DEFAULT_ENV_FILE, prefix }
}
