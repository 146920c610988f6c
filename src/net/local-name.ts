import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { padded } from './padded-name.ts'

/** Bytes of `sun_path` on macOS and the BSDs, the final NUL included. */
const BSD_PATH_BYTES = 104

/** Where a local socket listens. */
export interface LocalName {
  /** For `listen` and `connect`. */
  readonly path: string
  /** It is a file, to be removed at the end. */
  readonly file: boolean
}

/**
 * Name of a local socket that lives as long as its process: abstract on Linux, a pipe on Windows, a
 * file in the temporary directory elsewhere.
 *
 * @param id Letters, digits and dashes; unique on this machine.
 */
export function localName(id: string, platform: NodeJS.Platform): LocalName {
  if (platform === 'win32') return { path: `\\\\.\\pipe\\unplugin-ports-${id}`, file: false }
  if (platform === 'linux' || platform === 'android') {
    return { path: padded(`\0unplugin-ports-${id}`), file: false }
  }
  const path = join(tmpdir(), `ports-${id}.sock`)
  const fits = Buffer.byteLength(path) < BSD_PATH_BYTES
  return { path: fits ? path : `/tmp/ports-${id}.sock`, file: true }
}
