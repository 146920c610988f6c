import { existsSync, opendirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readRecordFile, recordFileName } from './record-file.ts'
import type { RootRecord } from './record.ts'
import { mountsHere } from '../utils/mounts.ts'

/** The record of another root. */
export interface OtherRecord {
  readonly record: RootRecord
  /** In milliseconds since 1970. */
  readonly lastUsedAt: number
  /** The root exists. */
  readonly isThere: boolean
}

/** One file in the directory of records. */
export type RecordEntry =
  | (OtherRecord & {
      readonly kind: 'record'
      readonly path: string
      /** Its root is gone for sure, or has been out of reach for long. */
      readonly mayForget: boolean
    })
  /** Nothing that could be read; the next run of its root replaces it. */
  | { readonly kind: 'damaged'; readonly path: string }
  /** A temporary file that a crash left. */
  | { readonly kind: 'leftover'; readonly path: string }

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
  const own = join(directory, recordFileName(ownRoot))
  for (const entry of surveyRecords(directory, now)) {
    if (entry.path === own || entry.kind === 'damaged') continue
    if (entry.kind === 'leftover') {
      removeFile(entry.path)
      continue
    }
    yield entry
    if (entry.mayForget) removeFile(entry.path)
  }
}

/** Every file in the directory of records that is ours. Changes nothing, never throws. */
export function* surveyRecords(directory: string, now: number): Generator<RecordEntry> {
  for (const name of namesIn(directory)) {
    if (!name.endsWith('.json')) continue
    const path = join(directory, name)
    if (TEMP_NAME.test(name)) {
      if (isStaleTemp(path, now)) yield { kind: 'leftover', path }
      continue
    }
    const found = readRecordFile(path)
    if (found.kind === 'damaged') yield { kind: 'damaged', path }
    if (found.kind !== 'record') continue
    const { record, lastUsedAt } = found
    const isThere = isDirectory(record.root)
    const isGone = !isThere && mayForget(record, now - lastUsedAt)
    yield { kind: 'record', path, record, lastUsedAt, isThere, mayForget: isGone }
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
 * when its parent directory is empty or missing, or only another machine or container has it; and a
 * worktree that git still knows may have been moved. Then its record waits for a month, and claims nothing meanwhile.
 */
function mayForget({ root, gitDir, mounts }: RootRecord, unusedForMs: number): boolean {
  if (unusedForMs > KEEP_UNREACHABLE_MS) return true
  if (mounts !== undefined && mounts !== mountsHere()) return false
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

function isStaleTemp(path: string, now: number): boolean {
  try {
    return now - statSync(path).mtimeMs > STALE_TEMP_MS
  } catch {
    // Its writer has just renamed it.
    return false
  }
}

/**
 * Removes a file of the directory of records. Never throws.
 *
 * @returns false when it is still there.
 */
export function removeFile(path: string): boolean {
  try {
    rmSync(path, { force: true })
    return true
  } catch {
    // It claims nothing, so it may as well stay.
    return false
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
