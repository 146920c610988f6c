import { existsSync, opendirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readRecordFile, recordFileName } from './record-file.ts'
import type { RootRecord } from './record.ts'

/** The record of another root. */
export interface OtherRecord {
  readonly record: RootRecord
  /** In milliseconds since 1970. */
  readonly lastUsedAt: number
  /** The root exists. */
  readonly isThere: boolean
}

/** How long the record of a root that may only be out of reach is kept, in milliseconds. */
const KEEP_UNREACHABLE_MS = 30 * 86_400_000
/** No write takes so long; a temporary file of this age is what a crash left. */
const STALE_TEMP_MS = 3_600_000
const TEMP_NAME = /\.tmp-[\da-f]{16}\.json$/

/**
 * The records of all roots but `ownRoot`. Removes those of roots that are gone for sure, after they
 * were looked at. Never throws; what can't be read is passed over.
 *
 * @param now In milliseconds since 1970.
 */
export function* otherRecords(
  directory: string,
  ownRoot: string,
  now: number,
): Generator<OtherRecord> {
  const own = recordFileName(ownRoot)
  for (const name of namesIn(directory)) {
    if (name === own || !name.endsWith('.json')) continue
    const path = join(directory, name)
    if (TEMP_NAME.test(name)) {
      removeStaleTemp(path, now)
      continue
    }
    const found = readRecordFile(path)
    if (found.kind !== 'record') continue
    const { record, lastUsedAt } = found
    const isThere = isDirectory(record.root)
    yield { record, lastUsedAt, isThere }
    if (!isThere && mayForget(record, now - lastUsedAt)) remove(path)
  }
}

/** The record of a linked worktree from before it was moved to where it is now. */
export function findMoved(
  directory: string,
  place: Pick<RootRecord, 'root' | 'checkout' | 'gitDir'>,
  now: number,
): RootRecord | undefined {
  if (place.gitDir === undefined) return undefined
  const within = relative(place.checkout, place.root)
  for (const { record, isThere } of otherRecords(directory, place.root, now)) {
    const { gitDir, checkout, root } = record
    const same = gitDir === place.gitDir && relative(checkout, root) === within
    if (same && !isThere) return record
  }
  return undefined
}

/**
 * Whether a root that is not there was removed. It may as well lie on a disk that isn't mounted now,
 * when its parent directory is empty or missing; and a worktree that git still knows may have been
 * moved. Then its record waits for a month, and claims nothing meanwhile.
 */
function mayForget({ root, gitDir }: RootRecord, unusedForMs: number): boolean {
  if (unusedForMs > KEEP_UNREACHABLE_MS) return true
  return hasEntries(dirname(root)) && !(gitDir !== undefined && existsSync(gitDir))
}

function hasEntries(directory: string): boolean {
  try {
    const dir = opendirSync(directory)
    try {
      return dir.readSync() !== null
    } finally {
      dir.closeSync()
    }
  } catch {
    return false
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    // What this user may not look at is there all the same.
    return true
  }
}

function removeStaleTemp(path: string, now: number): void {
  try {
    if (now - statSync(path).mtimeMs > STALE_TEMP_MS) remove(path)
  } catch {
    // Its writer has just renamed it.
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It claims nothing, so it may as well stay.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // Nothing was remembered yet; where it can't be read, writing will say so.
    return []
  }
}
