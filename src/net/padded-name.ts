/** Bytes of `sun_path` in Linux's `sockaddr_un`. */
const LINUX_NAME_BYTES = 108

/**
 * An abstract name as every Node version means it: Node 20 fills it up with NULs, later ones do not,
 * so that the same text would be two names. Other paths are left as they are.
 */
export function padded(path: string): string {
  return path.startsWith('\0') ? path.padEnd(LINUX_NAME_BYTES, '\0') : path
}
