import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes of `sun_path` in Linux's `sockaddr_un`. */
const LINUX_NAME_BYTES = 108

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
    // Padded as in the names of leases: Node 20 and later versions would mean different names.
    return { path: `\0unplugin-ports-${id}`.padEnd(LINUX_NAME_BYTES, '\0'), file: false }
  }
  return { path: join(tmpdir(), `ports-${id}.sock`), file: true }
}
