import { dirname } from 'node:path'
import { makeDirectory, makePrivateDirectory } from '../net/socket-directory.ts'
import {
  maxPathBytes,
  type PathState,
  pathState,
  removeSocket,
  socketIdentity,
} from '../net/socket-path.ts'
import type { RejectReason } from '../types.ts'
import { ask, type Steps } from './questions.ts'

/**
 * Makes way for a socket at `path`: its directory is made, and what a dead process left there is
 * removed. The caller has the path's lease, so nobody else is about to do the same.
 *
 * @param ours The path is of our own making, in a directory that is ours alone.
 * @returns Why no socket can be there; `undefined` when the way is free.
 */
export function* clearPath(
  path: string,
  ours: boolean,
  platform: NodeJS.Platform,
): Steps<RejectReason | undefined> {
  if (Buffer.byteLength(path) > maxPathBytes(platform)) return 'too-long'
  // A pipe is no file, and nothing is left of it when its process has died.
  if (platform === 'win32') return undefined
  const make = ours ? makePrivateDirectory : makeDirectory
  if (!make(dirname(path))) return 'denied'
  const state = look(path)
  if (state === 'free') return undefined
  if (state !== 'socket') return state === 'other' ? 'no-socket' : 'denied'
  const identity = socketIdentity(path)
  if (yield* ask({ ask: 'socket-alive', path })) return 'in-use'
  if (identity !== undefined) removeSocket(path, identity)
  return undefined
}

function look(path: string): PathState | 'denied' {
  try {
    return pathState(path)
  } catch {
    // A directory that may not be entered.
    return 'denied'
  }
}
