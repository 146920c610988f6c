import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { padded } from '../net/padded-name.ts'

/** Bytes of `sun_path` on macOS and the BSDs, the final NUL included. */
const BSD_PATH_BYTES = 104

/** Where leases live; read from the process at the edge. */
export interface LeasePlace {
  readonly platform: NodeJS.Platform
  readonly stateDir: string
}

/** Where the lease of a port is found. */
export interface LeaseName {
  /** For `listen` and `connect`. */
  readonly path: string
  /** The name is a file that outlives a crash, so claiming it needs {@link LeaseName.lock}. */
  readonly lock?: string
}

/**
 * The local-socket name of `port`'s lease: in Linux's abstract namespace (scoped to the network
 * namespace, as ports are), a named pipe on Windows, a socket file in `stateDir` elsewhere.
 */
export function leaseName(port: number, platform: NodeJS.Platform, stateDir: string): LeaseName {
  if (platform === 'linux' || platform === 'android') {
    return { path: padded(`\0unplugin-ports:${port}`) }
  }
  if (platform === 'win32') return { path: `\\\\.\\pipe\\unplugin-ports-${port}` }
  const directory = leaseDirectory(stateDir)
  return { path: join(directory, `${port}.sock`), lock: join(directory, `${port}.lock`) }
}

/** The directory of socket files, where leases are files: short enough for the system's limit. */
export function leaseDirectory(stateDir: string): string {
  const directory = join(stateDir, 'leases')
  if (Buffer.byteLength(join(directory, '65535.sock')) < BSD_PATH_BYTES) return directory
  const short = createHash('sha256').update(stateDir).digest('hex').slice(0, 12)
  return join(tmpdir(), `ports-${short}`)
}
