import { extname } from 'node:path'
import { isPlainObject } from '../options/plain-object.ts'
import type { ConfigContext, PortsConfigFunction } from '../types.ts'
import { brokenConfig, type ConfigPlace } from './problems.ts'
import { findKeyLines } from './json-lines.ts'
import { loadModule, loadModuleSync, type LoadHow } from './load-module.ts'
import { readText } from '../utils/read-text.ts'

/** How a config file is read. */
export interface ReadHow extends LoadHow {
  readonly context: ConfigContext
}

/**
 * What the file says, not validated yet: the object in a JSON file, the default export of the others
 * or what that function returns.
 *
 * @throws PortsOptionError that names file and, where known, line.
 */
export async function readConfig(place: ConfigPlace, how: ReadHow): Promise<unknown> {
  if (isJsonFile(place.file)) return readJson(place)
  try {
    const exported = await loadModule(place.file, how)
    return isFunction(exported) ? await exported(how.context) : exported
  } catch (error) {
    throw brokenConfig(place, error)
  }
}

/**
 * The same within this tick.
 *
 * @throws PortsOptionError also when the file can only be read with waiting.
 */
export function readConfigSync(place: ConfigPlace, how: ReadHow): unknown {
  if (isJsonFile(place.file)) return readJson(place)
  let value: unknown
  try {
    const exported = loadModuleSync(place.file, how)
    value = isFunction(exported) ? exported(how.context) : exported
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ASYNC_MODULE') {
      throw brokenConfig(place, error)
    }
    throw brokenConfig(place, new TypeError(`it awaits at its top level, ${CANNOT_WAIT}`))
  }
  if (!isPromise(value)) return value
  // Nobody is going to look at it.
  value.then(undefined, () => {})
  throw brokenConfig(place, new TypeError(`its function is asynchronous, ${CANNOT_WAIT}`))
}

const CANNOT_WAIT =
  "and a webpack or Rspack plugin can't wait for it; export the options, or a function that returns them at once."

function readJson(place: ConfigPlace): unknown {
  let value: unknown
  try {
    const text = readText(place.file).replace(/^\uFEFF/, '')
    // Before the parser, which doesn't tell lines.
    findKeyLines(text)
    value = JSON.parse(text)
  } catch (error) {
    throw brokenConfig(place, error)
  }
  if (!isPlainObject(value)) return value
  // For editors: says where the JSON schema is.
  const { $schema: _, ...options } = value
  return options
}

function isJsonFile(file: string): boolean {
  return extname(file) === '.json'
}

function isFunction(value: unknown): value is PortsConfigFunction {
  return typeof value === 'function'
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function'
}
