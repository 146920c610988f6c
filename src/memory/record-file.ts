import { createHash } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, utimesSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { writeFileAtomicSync } from '../utils/atomic-write.ts'
import { describeFileError, fileErrorCode } from '../utils/file-error.ts'
import { PLAIN_FILE_FLAGS } from '../utils/plain-file-flags.ts'
import { readBytes } from '../utils/read-text.ts'
import { parseRecord, renderRecord, type RootRecord } from './record.ts'

/** What stands in a record's file. */
export type FoundRecord =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'record'
      readonly record: RootRecord
      readonly lastUsedAt: number
      readonly text: string
    }
  /** Ours, and nothing that could be read; it may be replaced. */
  | { readonly kind: 'damaged'; readonly reason: string }
  /** Not ours to read or replace. `reason` is for people, to stand after the path. */
  | { readonly kind: 'refused'; readonly reason: string }

/** A root with hundreds of services stays far below. */
const MAX_BYTES = 64 * 1024
const MAX_TRIES = 5

/** Directory of the records. */
export function recordDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'roots')
}

/** Name of a root's file: one that people recognise, and a hash that tells roots of one name apart. */
export function recordFileName(root: string): string {
  const name = basename(root)
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 40)
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return `${name}-${hash}.json`
}

/**
 * Reads a record's file: a regular one of this user, of at most 64 KiB, with the name of the root in
 * it. Never throws, never waits for a pipe, follows no symbolic link.
 */
export function readRecordFile(path: string): FoundRecord {
  let fd: number
  try {
    fd = openSync(path, PLAIN_FILE_FLAGS)
  } catch (error) {
    const code = fileErrorCode(error)
    if (code === 'ENOENT') return { kind: 'none' }
    if (code === 'ELOOP') return { kind: 'refused', reason: 'is a symbolic link' }
    return { kind: 'refused', reason: `can't be read: ${describeFileError(error)}` }
  }
  try {
    return readOpened(fd, basename(path))
  } catch (error) {
    return { kind: 'refused', reason: `can't be read: ${describeFileError(error)}` }
  } finally {
    closeSync(fd)
  }
}

function readOpened(fd: number, name: string): FoundRecord {
  const stats = fstatSync(fd)
  if (!stats.isFile()) return { kind: 'refused', reason: 'is not a regular file' }
  const user = process.getuid?.()
  // Whoever else could write here could move our ports at will.
  if (user !== undefined && stats.uid !== user) {
    return { kind: 'refused', reason: `belongs to another user (${stats.uid})` }
  }
  if (stats.size > MAX_BYTES) return { kind: 'damaged', reason: 'is far too long' }
  const text = readBytes(fd, MAX_BYTES).toString('utf8')
  const record = parseRecord(text, stats.mtimeMs)
  if (record === 'newer') {
    return { kind: 'refused', reason: 'was written by a newer version of unplugin-ports' }
  }
  if (record === 'damaged') return { kind: 'damaged', reason: 'is damaged' }
  if (recordFileName(record.root) !== name) {
    return { kind: 'damaged', reason: `tells of ${JSON.stringify(record.root)}` }
  }
  return { kind: 'record', record, lastUsedAt: stats.mtimeMs, text }
}

/**
 * Brings a record's file up to date. Equal content only gets a new time of last use; otherwise the
 * file is replaced as a whole, readable for this user alone. A change that another process makes
 * between the last look and the rename, a few microseconds, is lost: the service that it was about
 * is then chosen a port for once more as on its first start.
 *
 * @param next Gets what stands there now and returns what shall.
 * @param now In milliseconds since 1970.
 * @returns What was refused, in words to stand after the path; undefined when all is well. Never throws.
 */
export function updateRecordFile(
  path: string,
  next: (current: RootRecord | undefined) => RootRecord,
  now: number,
): string | undefined {
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = readRecordFile(path)
      if (found.kind === 'refused') return found.reason
      const before = found.kind === 'record' ? found : undefined
      const text = renderRecord(next(before?.record))
      if (text === before?.text) {
        utimesSync(path, now / 1000, now / 1000)
        return undefined
      }
      if (replace(path, text, found)) return undefined
    }
    // Somebody else's record of this root is as fresh as ours.
    return undefined
  } catch (error) {
    return `can't be written: ${describeFileError(error)}`
  }
}

function replace(path: string, text: string, found: FoundRecord): boolean {
  const mayReplace = (): boolean => {
    const present = readRecordFile(path)
    return present.kind === found.kind && textOf(present) === textOf(found)
  }
  const write = (): boolean =>
    // Not worth the wait for a disk: without it the next start chooses as the first one did.
    writeFileAtomicSync(path, Buffer.from(text), { mode: 0o600, durable: false, mayReplace })
  try {
    return write()
  } catch (error) {
    if (fileErrorCode(error) !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return write()
  }
}

function textOf(found: FoundRecord): string | undefined {
  return found.kind === 'record' ? found.text : undefined
}
