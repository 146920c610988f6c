import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, parse, resolve } from 'node:path'

export interface AtomicWriteOptions {
  /** Permission bits of a file that does not exist yet, less the umask. Default `0o666`. */
  mode?: number
  /** Asked last, when only the rename is left to do; `false` gives up and leaves the file alone. */
  mayReplace?: () => boolean
  /**
   * Waits until the disk has the new bytes, so that a power failure can't leave an empty file.
   * Without it a write takes a tenth of the time. Default `true`.
   */
  durable?: boolean
}

/** As many symbolic links in a row as Linux follows. */
const MAX_LINKS = 40
const PERMISSION_BITS = 0o7777
const RENAME_TRIES = 10
const RENAME_PAUSE_MS = 10

/**
 * Writes a whole file, so that every reader and every crash finds the old content or the new one.
 *
 * A symbolic link stays one; its target is written, also when that does not exist yet. The mode of
 * an existing file is kept, and its owner where the system permits that. Hard links come apart.
 *
 * @returns false when `mayReplace` said no.
 * @throws The file system's error; no temporary file is left then.
 */
export function writeFileAtomicSync(
  path: string,
  bytes: Uint8Array,
  { mode = 0o666, mayReplace = () => true, durable = true }: AtomicWriteOptions = {},
): boolean {
  const target = followLinks(path)
  const existing = statSync(target, { throwIfNoEntry: false })
  if (existing && !existing.isFile()) throw new Error(`${target} is not a regular file`)

  const temp = join(dirname(target), tempName(basename(target)))
  // Nobody else may read it before it has the permissions of the file that it copies.
  const fd = openSync(temp, 'wx', existing ? 0o600 : mode)
  let renamed = false
  try {
    try {
      writeFileSync(fd, bytes)
      if (existing) keepOwnerAndMode(fd, existing)
      if (durable) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (mayReplace()) {
      renameOver(temp, target)
      renamed = true
    }
  } finally {
    if (!renamed) rmSync(temp, { force: true })
  }
  return renamed
}

/** Not `realpath` alone, which fails when the last link points to nothing. */
function followLinks(path: string): string {
  let target = path
  for (let links = 0; links <= MAX_LINKS; links++) {
    target = join(realpathSync(dirname(target)), basename(target))
    if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target
    target = resolve(dirname(target), readlinkSync(target))
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links, '${path}'`), { code: 'ELOOP' })
}

/** Keeps the extension, so that an ignore rule such as `*.local` covers what a crash leaves behind. */
function tempName(file: string): string {
  const { name, ext } = parse(file)
  return `${name}.tmp-${randomBytes(8).toString('hex')}${ext}`
}

function keepOwnerAndMode(fd: number, existing: Stats): void {
  const created = fstatSync(fd)
  if (created.uid !== existing.uid || created.gid !== existing.gid) {
    try {
      fchownSync(fd, existing.uid, existing.gid)
    } catch {
      // Only root may give a file away; whoever may write the directory may own the copy.
    }
  }
  // Last, because a change of owner clears bits; some file systems have one mode and refuse others.
  if (created.mode !== existing.mode) fchmodSync(fd, existing.mode & PERMISSION_BITS)
}

function renameOver(temp: string, target: string): void {
  for (let tries = 1; ; tries++) {
    try {
      renameSync(temp, target)
      return
    } catch (error) {
      // Windows refuses while an editor or a virus scanner has the target open, for a moment mostly.
      if (process.platform !== 'win32' || tries === RENAME_TRIES) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RENAME_PAUSE_MS)
    }
  }
}
