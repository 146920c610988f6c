import { PortsOptionError } from '../errors.ts'
import { withDependencies } from '../options/dependencies.ts'
import { namesOf } from '../options/processes.ts'
import { type BuiltInPorts, resolveOptions } from '../options/resolve.ts'
import type { ResolvedOptions } from '../options/resolved.ts'
import type { Options } from '../types.ts'
import { realRoot } from '../utils/real-root.ts'
import type { Checkout } from '../utils/checkout.ts'
import { configFilePlaces } from './find.ts'
import type { ComposeProject } from '../compose/project.ts'
import { composeServiceOptions } from '../compose/services.ts'
import {
  type Containers,
  type FileStamps,
  stampsOf,
  underneath,
  withCompose,
} from './with-compose.ts'
import { type LoadedOptions, loadOptions, loadOptionsSync, type OptionsQuery } from './load.ts'

/** What a bundler plugin asks for as soon as it knows its root. */
export interface HostQuery {
  /** Argument of `ports()`. */
  readonly given: Options | undefined
  /** Directory that relative roots count from. */
  readonly cwd: string
  /** The bundler's own root; `given.root` wins over it. */
  readonly root: string | undefined
  readonly mode: string | undefined
  /** The ports of the bundler's own servers. */
  readonly builtIn?: BuiltInPorts
  /** Variable that carries the port of `hmr`. Default: as in {@link resolveOptions}. */
  readonly hmrVariable?: string
  /** What compose files' variables say. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Compose files that count whatever the options say. */
  readonly compose?: ComposeProject | undefined
  /** What becomes of the containers that the option `compose` is about. Default: `'listed'`. */
  readonly containers?: Containers
}

/** The options that count for one server. */
export interface EffectiveOptions {
  readonly options: ResolvedOptions
  /** Names of the services that somebody wrote down, be it to turn them off. */
  readonly named: ReadonlySet<string>
  /** The config file; `undefined` when there is none. */
  readonly file: string | undefined
  /** Directories and patterns of packages that the config file has options for. */
  readonly packages: readonly string[]
  /** See `LoadedOptions.stamp`. */
  readonly stamp: string
  /** Where the file is, or would be if somebody wrote one; the place that counts first at the beginning. */
  places(): readonly string[]
  /** The checkout of {@link EffectiveOptions.root}, where it had to be found. */
  readonly checkout?: Checkout | undefined
  /** Directory that the file was looked for from; absolute. */
  readonly root: string
  /** Compose files that count, those beside them, and those that may come. Empty without `compose`. */
  readonly composeFiles: FileStamps
  /**
   * Looks for the file and reads it once more.
   *
   * @throws PortsOptionError as at first, and for a compose file that can't be read.
   */
  again(): Promise<EffectiveOptions>
}

/**
 * The options of `ports()` over those of the config file, with every default filled in.
 *
 * @throws PortsOptionError that names what is wrong and where.
 */
export async function effectiveOptions(query: HostQuery): Promise<EffectiveOptions> {
  return resolve(query, await loadOptions(optionsQuery(query)), () =>
    loadOptions({ ...optionsQuery(query), fresh: true }),
  )
}

/** The same within this tick, for hosts whose hooks may not wait. */
export function effectiveOptionsSync(query: HostQuery): EffectiveOptions {
  return resolve(query, loadOptionsSync(optionsQuery(query)), async () =>
    loadOptionsSync({ ...optionsQuery(query), fresh: true }),
  )
}

/**
 * The options of a program: the services that it names and those that they depend on, with what the
 * config file says of them; all of the file's services when it names none.
 *
 * @param cwd The working directory; `given.root` wins over it.
 * @throws PortsOptionError that names what is wrong and where.
 */
export async function programOptions(given: Options, cwd: string): Promise<EffectiveOptions> {
  const query = programQuery(given, cwd)
  const load = async (fresh: boolean): Promise<LoadedOptions> =>
    onlyGiven(await loadOptions({ ...optionsQuery(query), fresh }), given)
  return resolve(query, await load(false), () => load(true))
}

/**
 * The options of everything that a directory's config file says, with the containers of `compose`
 * as services that are started.
 *
 * @param given Over what the file says; `root` is the directory.
 * @param env What compose files' variables say.
 * @param fresh The file was read before and may have been edited. Default `false`.
 * @throws PortsOptionError that names what is wrong and where.
 */
export async function projectOptions(
  given: Options & { readonly root: string },
  env: Readonly<Record<string, string | undefined>>,
  fresh = false,
): Promise<EffectiveOptions> {
  const started = { cwd: given.root, env, containers: 'started' } as const
  const query: HostQuery = { given, root: undefined, mode: undefined, ...started }
  const load = (anew: boolean) => loadOptions({ ...optionsQuery(query), fresh: anew })
  return resolve(query, await load(fresh), () => load(true), fresh)
}

/** The same as {@link programOptions} within this tick; an asynchronous config file is an error then. */
export function programOptionsSync(given: Options, cwd: string): EffectiveOptions {
  const query = programQuery(given, cwd)
  const load = (fresh: boolean): LoadedOptions =>
    onlyGiven(loadOptionsSync({ ...optionsQuery(query), fresh }), given)
  return resolve(query, load(false), async () => load(true))
}

function programQuery(given: Options, cwd: string): HostQuery {
  // A program listens by itself on all that it reserves, and containers do so for others.
  return { given, cwd, root: undefined, mode: undefined, containers: 'left' }
}

function onlyGiven(loaded: LoadedOptions, given: Options): LoadedOptions {
  return { ...loaded, options: onlyNamed(loaded.options, given?.services) }
}

function onlyNamed(options: Options | undefined, named: Options['services']): Options | undefined {
  if (!options?.services || !named) return options
  const all = options.services
  const needed = withDependencies(Object.keys(named), (name) => {
    const service = Object.hasOwn(all, name) ? all[name] : undefined
    return typeof service === 'object' ? namesOf(service.dependsOn) : []
  })
  const services = Object.entries(all).filter(([name]) => needed.has(name))
  return { ...options, services: Object.fromEntries(services) }
}

function optionsQuery({ given, cwd, root, mode }: HostQuery): OptionsQuery {
  const wanted: unknown = given?.root
  return { root: realRoot(cwd, typeof wanted === 'string' ? wanted : root), given, mode }
}

function resolve(
  query: HostQuery,
  { options: said, file, packages, stamp, checkout }: LoadedOptions,
  load: () => Promise<LoadedOptions>,
  edited = false,
): EffectiveOptions {
  const { root } = optionsQuery(query)
  const { compose } = query
  const { options, files, warnings, unread } = compose
    ? {
        ...underneath(said, compose, composeServiceOptions(compose)),
        files: stampsOf(compose.files),
      }
    : withCompose(said, { ...query, root })
  // What they said before counts on, as that of a wrong config file does.
  if (edited && unread.length > 0) throw new PortsOptionError(unread.join('\n'))
  const resolved = resolveNamingFile(options, query, file)
  return {
    options: warnings.length > 0 ? { ...resolved, warnings } : resolved,
    named: new Set(Object.keys(options?.services ?? {})),
    file,
    packages,
    stamp,
    root,
    checkout,
    places: () => configFilePlaces(root, checkout?.dir),
    composeFiles: files,
    again: async () => resolve(query, await load(), load, true),
  }
}

/** What clashes only once all is put together is told with the file, since half of it may stand there. */
function resolveNamingFile(
  options: Options | undefined,
  { builtIn, hmrVariable }: HostQuery,
  file: string | undefined,
): ResolvedOptions {
  try {
    return resolveOptions(options, builtIn, hmrVariable)
  } catch (error) {
    if (file === undefined || !(error instanceof PortsOptionError)) throw error
    throw new PortsOptionError(`with ${file}:\n${error.message}`, { cause: error })
  }
}
