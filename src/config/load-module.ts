import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import type { Jiti } from 'jiti'
import { selfAndParents } from '../utils/checkout.ts'
import { isLocated } from './stack.ts'

// Found on demand: a start without such a file must not pay for the loader.
const require = createRequire(import.meta.url)

/** How a module is loaded. */
export interface LoadHow {
  /** It was loaded before and has been edited, so what the process remembers of it doesn't count. */
  readonly fresh: boolean
}

/** What a JavaScript or TypeScript file exports by default; rejects with whatever it throws. */
export async function loadModule(file: string, { fresh }: LoadHow): Promise<unknown> {
  if (!needsJiti(file, fresh)) {
    try {
      return defaultOf(await import(pathToFileURL(file).href))
    } catch (error) {
      // The runtime itself doesn't tell the line of a syntax error.
      if (isLocated(error, file)) throw error
    }
  }
  return defaultOf(await jitiFor(file).import(file))
}

/**
 * The same within this tick.
 *
 * @throws What the file throws; Node's `ERR_REQUIRE_ASYNC_MODULE` when it waits at its top level.
 */
export function loadModuleSync(file: string, { fresh }: LoadHow): unknown {
  if (!needsJiti(file, fresh)) {
    try {
      return defaultOf(require(file))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ERR_REQUIRE_ASYNC_MODULE' || isLocated(error, file)) throw error
    }
  }
  return defaultOf(jitiFor(file)(file))
}

/** Nothing else reads TypeScript on every Node, or forgets a module and what that imported. */
function needsJiti(file: string, fresh: boolean): boolean {
  return fresh || /^\.m?ts$/.test(extname(file))
}

function jitiFor(file: string): Jiti {
  const { createJiti } = require('jiti') as typeof import('jiti')
  const modules = [...selfAndParents(dirname(file))]
    .map((dir) => join(dir, 'node_modules'))
    .find((dir) => existsSync(dir))
  return createJiti(file, {
    // Else it is kept in the temporary directory, where other users could put something for us.
    fsCache: modules !== undefined && join(modules, '.cache', 'jiti'),
    moduleCache: false,
    interopDefault: false,
  })
}

function defaultOf(loaded: unknown): unknown {
  if (isNamespace(loaded) && !('default' in loaded)) {
    throw new TypeError('it has no default export; write "export default" before the options.')
  }
  const value = hasDefault(loaded) ? loaded.default : loaded
  // A compiled CommonJS file as Node imports it: its exports are the default export.
  return hasDefault(value) && '__esModule' in value ? value.default : value
}

function isNamespace(value: unknown): value is object {
  return types.isModuleNamespaceObject(value) || (isObject(value) && '__esModule' in value)
}

function hasDefault(value: unknown): value is { default: unknown } {
  return isObject(value) && 'default' in value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
