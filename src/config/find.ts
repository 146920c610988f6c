import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PortsOptionError } from '../errors.ts'
import { type Checkout, findCheckout, selfAndParents } from '../utils/checkout.ts'

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'] as const
const NAMES = EXTENSIONS.map((extension) => `ports.config.${extension}`)

/** What was learned by looking for the config file. */
export interface ConfigSearch {
  /** `undefined` when there is none. */
  readonly file: string | undefined
  /** The checkout of the root, which takes reading files to find; absent where it was not needed. */
  readonly checkout?: Checkout
}

/**
 * The nearest `ports.config` file from `root` upwards, to the root of its checkout at most. In a
 * directory that belongs to no checkout, workspace or package only that itself is looked at.
 *
 * @param root Absolute.
 * @throws PortsOptionError when a directory has several, since only one can count.
 */
export function findConfigFile(root: string): ConfigSearch {
  let checkout: Checkout | undefined
  for (const dir of selfAndParents(root)) {
    const file = configFileIn(dir)
    if (file !== undefined) return { file, ...(checkout && { checkout }) }
    checkout ??= findCheckout(root)
    if (dir === checkout.dir) break
  }
  return { file: undefined, ...(checkout && { checkout }) }
}

/** Everywhere that the file of `root` may be, the place that counts first at the beginning. */
export function configFilePlaces(
  root: string,
  checkout: string = findCheckout(root).dir,
): string[] {
  const places: string[] = []
  for (const dir of selfAndParents(root)) {
    places.push(...NAMES.map((name) => join(dir, name)))
    if (dir === checkout) break
  }
  return places
}

function configFileIn(dir: string): string | undefined {
  const [file, ...others] = NAMES.map((name) => join(dir, name)).filter(isFile)
  if (file !== undefined && others.length > 0) {
    const names = others.map((other) => basename(other)).join(' and ')
    throw new PortsOptionError(`${file} stands beside ${names}: only one of them can count.`)
  }
  return file
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    // A directory that may not be searched has no config for this user.
    return false
  }
}
