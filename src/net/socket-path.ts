import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'

/** A live owner that does not accept in this time still counts as alive, in milliseconds. */
const CONNECT_TIMEOUT_MS = 1000

/** What is at a path: nothing (or a pipe's name, which nothing tells), a socket, or some other file. */
export type PathState = 'free' | 'socket' | 'other'

/** Longest socket path in bytes: `sun_path` without its final NUL. Windows has no such limit below 256. */
export function maxPathBytes(platform: NodeJS.Platform): number {
  if (platform === 'win32') return 256
  return platform === 'linux' || platform === 'android' ? 107 : 103
}

/** Looks at `path` without touching it. A link counts as a file: what it points to is not ours to judge. */
export function pathState(path: string, platform: NodeJS.Platform = process.platform): PathState {
  // Looking at a pipe opens it, and its owner would see a client.
  if (platform === 'win32') return 'free'
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return 'free'
  return stats.isSocket() ? 'socket' : 'other'
}

/**
 * Whether a process has the socket at `path`. Only a refused connection says that nobody has: a
 * socket of another kind, another user's or a busy one all have an owner.
 */
export function isSocketAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const finish = (alive: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(alive)
    }
    const timer = setTimeout(finish, CONNECT_TIMEOUT_MS, true)
    timer.unref()
    socket.on('connect', () => finish(true))
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      finish(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    )
  })
}

/** Which file is at a path, so that another one that came in its place is told from it. */
export type FileIdentity = string

/** `undefined` when there is no socket. */
export function socketIdentity(path: string): FileIdentity | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true })
  return stats?.isSocket() ? `${stats.dev}:${stats.ino}:${stats.birthtimeNs}` : undefined
}

/** Removes the socket at `path` if it is still the one that was judged dead. */
export function removeSocket(path: string, judged: FileIdentity): void {
  try {
    if (socketIdentity(path) === judged) unlinkSync(path)
  } catch {
    // Gone already, or not ours to remove: then the bind says so.
  }
}
