import { fstatSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'

/** A server's handle, as far as its descriptor goes. */
interface Handled {
  readonly _handle?: { readonly fd?: number } | null
}

/** Whether the descriptor behind a listening server is a socket still; `true` where nobody can tell. */
export function isSocketOpen(server: Server): boolean {
  const fd = (server as unknown as Handled)._handle?.fd
  if (fd === undefined || fd < 0) return true
  try {
    return fstatSync(fd).isSocket()
  } catch {
    // Somebody has closed it behind the server's back.
    return false
  }
}

/**
 * Whether `server` listens on `port` still, as the kernel says it.
 *
 * @param port `undefined` for a path, of which the kernel says nothing.
 */
export function listensStill(server: Server, port: number | undefined): boolean {
  if (!server.listening || !isSocketOpen(server)) return false
  if (port === undefined) return true
  try {
    return (server.address() as AddressInfo | null)?.port === port
  } catch {
    return false
  }
}
