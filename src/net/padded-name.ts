/** Bytes of `sun_path` in Linux's `sockaddr_un`. */
const LINUX_NAME_BYTES = 108

/**
 * An abstract name as every Node version means it. Node 20 fills it up with NULs and later ones do
 * not, so that the same text would be two names; and Node 22.12 to 22.15 refuse a name with a NUL
 * behind the first. So it is filled up with what is no part of any. Other paths are left as they are.
 */
export function padded(path: string): string {
  return path.startsWith('\0') ? path.padEnd(LINUX_NAME_BYTES, '.') : path
}
