import { dirname, relative } from 'node:path'
import { configSchema } from '../options/schema.ts'
import { checkAgainst, validateOptions } from '../options/validate.ts'
import type { Options, PortsConfig } from '../types.ts'
import { type ConfigSearch, findConfigFile } from './find.ts'
import { mergeOptions } from './merge.ts'
import { optionsForRoot } from './packages.ts'
import { stampOf } from './stamp.ts'
import { type ConfigPlace, wrongOptions } from './problems.ts'
import { readConfig, readConfigSync } from './read.ts'

/** Whose options are wanted. */
export interface OptionsQuery {
  /** Absolute, with links resolved. The config file is looked for from here upwards. */
  readonly root: string
  /** What was given in code; it wins over the file, key by key. */
  readonly given: Options | undefined
  /** The bundler's mode; see `ConfigContext`. */
  readonly mode?: string | undefined
  /** The file was read before by this process and may have been edited. Default `false`. */
  readonly fresh?: boolean
}

/** The options of a root, and where they come from. */
export interface LoadedOptions {
  /** Validated where a file was read; else exactly what was given. */
  readonly options: Options | undefined
  /** The config file, absolute; `undefined` when there is none. */
  readonly file: string | undefined
  /** The directories and patterns of its `packages`. */
  readonly packages: readonly string[]
  /** Changes with every edit of the file; taken before it was read. */
  readonly stamp: string
  /** See {@link ConfigSearch.checkout}. */
  readonly checkout: ConfigSearch['checkout']
}

/**
 * The options given in code over those of the root's config file. Without a file only a few paths
 * are looked at.
 *
 * @throws PortsOptionError for wrong options, in code or in the file, and for a file that can't be
 * read; it names file, line and key.
 */
export async function loadOptions(query: OptionsQuery): Promise<LoadedOptions> {
  const { place, checkout } = findPlace(query)
  if (!place) return { ...without(query), checkout }
  const stamp = stampOf(place.file)
  return { ...combine(query, place, await readConfig(place, howToRead(query))), stamp, checkout }
}

/** The same within this tick, where the host may not wait; an asynchronous config is an error there. */
export function loadOptionsSync(query: OptionsQuery): LoadedOptions {
  const { place, checkout } = findPlace(query)
  if (!place) return { ...without(query), checkout }
  const stamp = stampOf(place.file)
  return { ...combine(query, place, readConfigSync(place, howToRead(query))), stamp, checkout }
}

function findPlace({ root }: OptionsQuery): {
  place: ConfigPlace | undefined
  checkout: ConfigSearch['checkout']
} {
  const { file, checkout } = findConfigFile(root)
  return { place: file === undefined ? undefined : { file, name: relative(root, file) }, checkout }
}

function howToRead({ root, mode, fresh = false }: OptionsQuery) {
  return { fresh, context: { root, mode } }
}

function without({ given }: OptionsQuery): Omit<LoadedOptions, 'checkout'> {
  return { options: given, file: undefined, packages: [], stamp: '' }
}

function combine(
  { root, given }: OptionsQuery,
  place: ConfigPlace,
  said: unknown,
): Omit<LoadedOptions, 'stamp' | 'checkout'> {
  const checked = checkAgainst(configSchema(), said)
  if (!checked.ok) throw wrongOptions(place, checked.problems)
  const config = checked.value as PortsConfig
  const ofFile = optionsForRoot(config, dirname(place.file), root)
  // Checked before they are mixed, so that an error says where it was written.
  const ofCode = given === undefined ? {} : validateOptions(given)
  const packages = Object.keys(config.packages ?? {})
  return { options: mergeOptions(ofFile, ofCode), file: place.file, packages }
}
