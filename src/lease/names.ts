import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { padded } from '../net/padded-name.ts'
import { type Endpoint, endpointParts } from '../net/endpoint.ts'

/** Bytes of `sun_path` on macOS and the BSDs, the final NUL included. */
const BSD_PATH_BYTES = 104
/** Hexadecimal digits of a path's hash in a name. */
const PATH_HASH_DIGITS = 16
/** Every lease of a state directory is in the same place, so the longest name decides. */
const LONGEST_NAME = `unix-${'0'.repeat(PATH_HASH_DIGITS)}`

/** Where leases live; read from the process at the edge. */
export interface LeasePlace {
  readonly platform: NodeJS.Platform
  readonly stateDir: string
  /** `XDG_RUNTIME_DIR`, for sockets without a path of their own. */
  readonly runtimeDir?: string | undefined
  /** `PATH`, where the docker CLI may be found. Default: it is not looked for. */
  readonly searchPath?: string | undefined
}

/** Where the lease of an endpoint is found. */
export interface LeaseName {
  /** For `listen` and `connect`. */
  readonly path: string
  /** The name is a file that outlives a crash, so claiming it needs {@link LeaseName.lock}. */
  readonly lock?: string
}

/**
 * The local-socket name of `endpoint`'s lease: in Linux's abstract namespace (scoped to the network
 * namespace, as ports are), a named pipe on Windows, a socket file in `stateDir` elsewhere.
 */
export function leaseName(
  endpoint: Endpoint,
  platform: NodeJS.Platform,
  stateDir: string,
): LeaseName {
  return nameOfWords(nameWords(endpoint), platform, stateDir)
}

/** The lease whose name has these words, as it stands in a list of names. */
export function nameOfWords(
  words: readonly string[],
  platform: NodeJS.Platform,
  stateDir: string,
): LeaseName {
  if (platform === 'linux' || platform === 'android') {
    return { path: padded(`\0unplugin-ports:${words.join(':')}`) }
  }
  if (platform === 'win32') return { path: `\\\\.\\pipe\\unplugin-ports-${words.join('-')}` }
  const directory = leaseDirectory(stateDir)
  const name = words.join('-')
  return { path: join(directory, `${name}.sock`), lock: join(directory, `${name}.lock`) }
}

/** A path may be longer than a name, so its hash stands for it. */
function nameWords(endpoint: Endpoint): string[] {
  const { port, protocol, path } = endpointParts(endpoint)
  if (path === undefined) return protocol === 'udp' ? ['udp', String(port)] : [String(port)]
  return ['unix', createHash('sha256').update(path).digest('hex').slice(0, PATH_HASH_DIGITS)]
}

/** The directory of socket files, where leases are files: short enough for the system's limit. */
export function leaseDirectory(stateDir: string): string {
  const directory = join(stateDir, 'leases')
  if (Buffer.byteLength(join(directory, `${LONGEST_NAME}.sock`)) < BSD_PATH_BYTES) return directory
  const short = createHash('sha256').update(stateDir).digest('hex').slice(0, 12)
  return join(tmpdir(), `ports-${short}`)
}
