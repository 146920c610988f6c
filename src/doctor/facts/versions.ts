import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { selfAndParents } from '../../utils/checkout.ts'
import { readText } from '../../utils/read-text.ts'
import type { InstalledCopy } from '../checks/versions.ts'

/** Packages of a workspace that are looked at; in directories that lie at most so deep. */
const MAX_DIRECTORIES = 500
const DEPTH = 2

/**
 * The copies of this package that the directories of a checkout use, and those of roots that run.
 *
 * @param roots Absolute; of live leases.
 */
export function gatherVersions(checkout: string, roots: readonly string[]): InstalledCopy[] {
  const places = [...new Set([...roots, checkout, ...below(checkout)])]
  const copies = new Map<string, InstalledCopy>()
  for (const place of places) {
    const copy = copyFor(place)
    if (copy && !copies.has(copy.path)) copies.set(copy.path, copy)
  }
  return [...copies.values()]
}

/** The directories of a workspace's packages, without those that are installed. */
function below(checkout: string): string[] {
  const found: string[] = []
  let level = [checkout]
  for (let depth = 0; depth < DEPTH; depth++) {
    level = level.flatMap((dir) => directoriesIn(dir))
    found.push(...level)
    if (found.length > MAX_DIRECTORIES) return found.slice(0, MAX_DIRECTORIES)
  }
  return found
}

function directoriesIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name))
      .map((entry) => join(dir, entry.name))
  } catch {
    return []
  }
}

/** The copy that a program in `place` would load. */
function copyFor(place: string): InstalledCopy | undefined {
  for (const dir of selfAndParents(place)) {
    const path = join(dir, 'node_modules/unplugin-ports')
    try {
      const text = readText(join(path, 'package.json'))
      const { version } = JSON.parse(text) as { version?: unknown }
      if (typeof version === 'string') return { path: realpathSync(path), version, by: place }
    } catch {
      // Not here; perhaps above.
    }
  }
  return undefined
}
