import { PortsOptionError } from '../errors.ts'
import { type BuiltInPorts, resolveOptions } from '../options/resolve.ts'
import type { ResolvedOptions } from '../options/resolved.ts'
import type { Options } from '../types.ts'
import { realRoot } from '../utils/real-root.ts'
import type { Checkout } from '../utils/checkout.ts'
import { configFilePlaces } from './find.ts'
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
}

/** The options that count for one server. */
export interface EffectiveOptions {
  readonly options: ResolvedOptions
  /** Names of the services that somebody wrote down, be it to turn them off. */
  readonly named: ReadonlySet<string>
  /** The config file; `undefined` when there is none. */
  readonly file: string | undefined
  /** See `LoadedOptions.stamp`. */
  readonly stamp: string
  /** Where the file is, or would be if somebody wrote one; the place that counts first at the beginning. */
  places(): readonly string[]
  /** The checkout of {@link EffectiveOptions.root}, where it had to be found. */
  readonly checkout?: Checkout | undefined
  /** Directory that the file was looked for from; absolute. */
  readonly root: string
  /** Looks for the file and reads it once more. */
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
 * The options of a program: the services that it names, with what the config file says of them; all
 * of the file's services when it names none.
 *
 * @param cwd The working directory; `given.root` wins over it.
 * @throws PortsOptionError that names what is wrong and where.
 */
export async function programOptions(given: Options, cwd: string): Promise<EffectiveOptions> {
  const query: HostQuery = { given, cwd, root: undefined, mode: undefined }
  const load = async (fresh: boolean): Promise<LoadedOptions> => {
    const loaded = await loadOptions({ ...optionsQuery(query), fresh })
    return { ...loaded, options: onlyNamed(loaded.options, given?.services) }
  }
  return resolve(query, await load(false), () => load(true))
}

function onlyNamed(options: Options | undefined, named: Options['services']): Options | undefined {
  if (!options?.services || !named) return options
  const services = Object.entries(options.services).filter(([name]) => Object.hasOwn(named, name))
  return { ...options, services: Object.fromEntries(services) }
}

function optionsQuery({ given, cwd, root, mode }: HostQuery): OptionsQuery {
  const wanted: unknown = given?.root
  return { root: realRoot(cwd, typeof wanted === 'string' ? wanted : root), given, mode }
}

function resolve(
  query: HostQuery,
  { options, file, stamp, checkout }: LoadedOptions,
  load: () => Promise<LoadedOptions>,
): EffectiveOptions {
  const { root } = optionsQuery(query)
  return {
    options: resolveNamingFile(options, query, file),
    named: new Set(Object.keys(options?.services ?? {})),
    file,
    stamp,
    root,
    checkout,
    places: () => configFilePlaces(root, checkout?.dir),
    again: async () => resolve(query, await load(), load),
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
