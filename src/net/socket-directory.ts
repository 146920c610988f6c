import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * The directory of sockets that have no path of their own: below `XDG_RUNTIME_DIR` when that is
 * there and writable, else below the directory for temporary files. Short, because socket paths may
 * only have about a hundred bytes. Not created here.
 */
export function socketDirectory(
  runtimeDir: string | undefined,
  platform: NodeJS.Platform,
  temporary: string = tmpdir(),
): string {
  if (runtimeDir && platform !== 'win32' && isWritable(runtimeDir)) {
    return join(runtimeDir, 'unplugin-ports')
  }
  const uid = process.getuid?.()
  return join(temporary, uid === undefined ? 'unplugin-ports' : `unplugin-ports-${uid}`)
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Makes a directory that only this user can enter.
 *
 * @returns `false` when it can't be made, or when another user has made it: whoever owns the
 * directory could put a server of his own in the place of ours.
 */
export function makePrivateDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const stats = lstatSync(directory)
    const uid = process.getuid?.()
    if (!stats.isDirectory() || (uid !== undefined && stats.uid !== uid)) return false
    if (uid !== undefined && (stats.mode & 0o077) !== 0) chmodSync(directory, 0o700)
    return true
  } catch {
    return false
  }
}

/** Makes the directory of a path that the user wrote; `false` when it can't be made. */
export function makeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true })
    return true
  } catch {
    return false
  }
}
