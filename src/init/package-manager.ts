import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findCheckout, isInside, selfAndParents } from '../utils/checkout.ts'
import { readManifest } from './manifest.ts'

/** Lockfile by package manager; the first one found from the project upwards decides. */
const LOCKFILES = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
} as const

/** A package manager that can install this package. */
export type PackageManager = (typeof LOCKFILES)[keyof typeof LOCKFILES]

const ARGUMENTS: Record<PackageManager, readonly string[]> = {
  npm: ['install', '-D'],
  pnpm: ['add', '-D'],
  yarn: ['add', '-D'],
  bun: ['add', '-d'],
}

/** The package manager of a project: by `packageManager`, else by lockfile, else npm. */
export function findPackageManager(dir: string): PackageManager {
  const top = findCheckout(dir).dir
  for (const place of selfAndParents(dir)) {
    if (!isInside(place, top)) break
    const named = readManifest(place)?.packageManager?.split('@')[0]
    if (named !== undefined && Object.hasOwn(ARGUMENTS, named)) return named as PackageManager
    for (const [file, manager] of Object.entries(LOCKFILES)) {
      if (existsSync(join(place, file))) return manager
    }
  }
  return 'npm'
}

/** The arguments with which it installs this package for development. */
export function installArguments(manager: PackageManager): string[] {
  return [...ARGUMENTS[manager], 'unplugin-ports']
}
