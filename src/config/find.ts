import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PortsOptionError } from '../errors.ts'
import { findCheckout, selfAndParents } from '../utils/checkout.ts'

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'] as const
const NAMES = EXTENSIONS.map((extension) => `ports.config.${extension}`)

/**
 * The nearest `ports.config` file from `root` upwards, to the root of its checkout at most. In a
 * directory that belongs to no checkout, workspace or package only that itself is looked at.
 *
 * @param root Absolute.
 * @returns `undefined` when there is none.
 * @throws PortsOptionError when a directory has several, since only one can count.
 */
export function findConfigFile(root: string): string | undefined {
  let top: string | undefined
  for (const dir of selfAndParents(root)) {
    const file = configFileIn(dir)
    if (file !== undefined) return file
    top ??= findCheckout(root).dir
    if (dir === top) return undefined
  }
  return undefined
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
