import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StateFacts } from '../checks/state-directory.ts'

/** Looks at the state directory and at the nearest directory above it that exists. */
export async function gatherState(path: string): Promise<StateFacts> {
  const stats = statOf(path)
  const nearest = stats ? path : existingAbove(path)
  const freeBytes = await freeBytesOf(nearest)
  const facts = { path, ...(freeBytes !== undefined && { freeBytes }) }
  if (!stats) {
    return { ...facts, kind: isDeadLink(path) ? 'other' : 'missing', writable: isWritable(nearest) }
  }
  const user = process.getuid?.()
  return {
    ...facts,
    kind: stats.isDirectory() ? 'directory' : 'other',
    writable: isWritable(path),
    ...(user !== undefined && { owner: stats.uid, user, mode: stats.mode & 0o777 }),
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // Below a file, or in a directory that may not be searched: writing there fails as well.
    return undefined
  }
}

/** A link that leads nowhere is in the way. */
function isDeadLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

function existingAbove(path: string): string {
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    if (statOf(dir) || dir === dirname(dir)) return dir
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

async function freeBytesOf(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize, blocks } = await statfs(path)
    // Some virtual file systems count nothing.
    return blocks === 0 ? undefined : bavail * bsize
  } catch {
    return undefined
  }
}
