import { closeSync, constants, mkdirSync, openSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'

/** `O_EXLOCK` of macOS and the BSDs, where `open` itself takes the lock; Node has no name for it. */
const O_EXLOCK = 0x20

/** A lock that the kernel drops with the process. */
export interface FileLock {
  release(): void
}

/**
 * Takes the lock file at once or not at all.
 *
 * @returns `'taken'` while another process has it, `'unavailable'` where the file can't be made.
 */
export function tryFileLock(path: string): FileLock | 'taken' | 'unavailable' {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK
    const fd = openSync(path, flags, 0o600)
    return { release: () => closeSync(fd) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EAGAIN' || code === 'EWOULDBLOCK' ? 'taken' : 'unavailable'
  }
}

/** Removes what a crashed owner left at a name whose lock is held. */
export function removeStale(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Nothing was left.
  }
}
