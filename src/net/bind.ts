import type { Server } from 'node:net'
import { outOfFiles } from '../utils/out-of-files.ts'
import { listenPathSync, listenSync } from './listen-sync.ts'

/** Why a bind failed, as far as a service cares. */
export type BindFailure = 'in-use' | 'denied' | 'no-address'

/**
 * Outcome of one bind. Expected outcomes are values; only surprises throw.
 *
 * Success is known at once, the reason of a failure a tick later.
 */
export type BindOutcome =
  { readonly ok: true } | { readonly ok: false; readonly reason: Promise<BindFailure> }

/**
 * Binds `server` to exactly this address, in this tick. The caller closes it.
 *
 * @param address An IP literal; `undefined` for all interfaces.
 */
export function bind(server: Server, port: number, address: string | undefined): BindOutcome {
  return outcomeOf(server, () => listenSync(server, port, address))
}

/**
 * Binds `server` to the path of a socket or named pipe, in this tick. A file in its place stays
 * there, and the bind fails. Closing the server removes the socket.
 */
export function bindPath(server: Server, path: string): BindOutcome {
  return outcomeOf(server, () => listenPathSync(server, path))
}

function outcomeOf(server: Server, listen: () => boolean): BindOutcome {
  let onError: (error: NodeJS.ErrnoException) => void = () => {}
  const reason = new Promise<BindFailure>((resolve, reject) => {
    onError = (error) => {
      const failure = bindFailure(error.code)
      if (failure) resolve(failure)
      else reject(outOfFiles(error, 'No port can be held') ?? error)
    }
  })
  // Not everybody waits for the reason; an unusual one must not end the process then.
  reason.catch(() => {})
  server.once('error', onError)
  if (!listen()) return { ok: false, reason }
  server.off('error', onError)
  return { ok: true }
}

/** The failure that an error code of a bind means; `undefined` for one that no bind should produce. */
export function bindFailure(code: string | undefined): BindFailure | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return 'in-use'
    case 'EACCES':
    case 'EPERM':
    // The directory of a path is not there, or may not be written to.
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EROFS':
      return 'denied'
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return 'no-address'
    default:
      return undefined
  }
}
