import { removeSocket, socketIdentity } from './socket-path.ts'

/** Socket files of this process, each with what it was when it was bound. */
const bound = new Map<string, string>()

/**
 * Removes the socket file at `path` when the process ends without having closed it, which nothing
 * held by us prevents. A file that came in its place since then stays.
 */
export function removeAtExit(path: string): void {
  const identity = socketIdentity(path)
  if (identity === undefined) return
  if (bound.size === 0) process.once('exit', removeAll)
  bound.set(path, identity)
}

function removeAll(): void {
  for (const [path, identity] of bound) removeSocket(path, identity)
}
