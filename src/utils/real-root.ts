import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'

/** The directory with symlinks resolved, so that two spellings of a root are one root. */
export function realRoot(cwd: string, root = '.'): string {
  const path = resolve(cwd, root)
  try {
    return realpathSync(path)
  } catch {
    // A root that does not exist is at least always spelt the same.
    return path
  }
}
