import type { AddressInfo, Server } from 'node:net'

/**
 * Whether `server` listens on `port` still, as the kernel says it.
 *
 * @param port `undefined` for a path, of which the kernel says nothing.
 */
export function listensStill(server: Server, port: number | undefined): boolean {
  if (!server.listening || port === undefined) return server.listening
  try {
    return (server.address() as AddressInfo | null)?.port === port
  } catch {
    // Its socket is no socket any more.
    return false
  }
}
