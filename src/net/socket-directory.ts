import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxPathBytes } from './socket-path.ts'

/**
 * The directory of sockets that have no path of their own: below `XDG_RUNTIME_DIR` when that is
 * there and writable, else below the directory for temporary files, else below `/tmp`: the first
 * that is short enough, because socket paths may only have about a hundred bytes. Not created here.
 *
 * @param nameBytes Bytes of the longest name of a socket in it.
 */
export function socketDirectory(
  runtimeDir: string | undefined,
  platform: NodeJS.Platform,
  nameBytes: number,
  temporary: string = tmpdir(),
): string {
  const fits = (directory: string): boolean =>
    Buffer.byteLength(directory) + 1 + nameBytes <= maxPathBytes(platform)
  if (runtimeDir && isWritable(runtimeDir)) {
    const own = join(runtimeDir, 'unplugin-ports')
    if (fits(own)) return own
  }
  // Everybody's directory, unlike the one above, so the name says whose it is.
  const name = `ports-${process.getuid?.() ?? 'user'}`
  const usual = join(temporary, name)
  return fits(usual) ? usual : join('/tmp', name)
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
