import { watch } from 'chokidar'
import { stampOf } from '../config/stamp.ts'

/** Editors write a file in several steps, or put another in its place; milliseconds without a further one. */
const SETTLED_AFTER_MS = 100

/** A watch over some files, there or not. */
export interface FileWatch {
  /** Watches these as well. */
  add(files: readonly string[]): void
  /**
   * Whether what was read of the files until now is what somebody meant to write. If not, `settled`
   * is called once more.
   */
  isSettled(): boolean
  /** Ends the watching. Idempotent. */
  close(): void
}

/**
 * Calls `settled` some moments after files have come, changed or gone, and once at the beginning,
 * since they may have changed before anybody looked. Never keeps the process alive.
 *
 * @param failed Told when the operating system lets nobody watch; called any number of times.
 */
export function watchFiles(
  files: readonly string[],
  settled: () => void,
  failed: (error: unknown) => void,
): FileWatch {
  const watched = [...files]
  let timer: NodeJS.Timeout | undefined
  let stamps = ''
  const stampsNow = (): string => watched.map(stampOf).join()
  const settle = (): void => {
    stamps = stampsNow()
    clearTimeout(timer)
    timer = setTimeout(look, SETTLED_AFTER_MS)
    timer.unref()
  }
  const isSettled = (): boolean => {
    // The event for a write that began this moment is still to come.
    if (stampsNow() === stamps) return true
    settle()
    return false
  }
  const look = (): void => {
    if (isSettled()) settled()
  }
  const watcher = watch([...files], { ignoreInitial: true, persistent: false })
  watcher.on('all', settle).on('ready', settle).on('error', failed)
  return {
    add(more) {
      watched.push(...more)
      watcher.add([...more])
    },
    isSettled,
    close() {
      clearTimeout(timer)
      void watcher.close()
    },
  }
}
