import { watch } from 'chokidar'

/** Editors write a file in several steps, or put another in its place; milliseconds without a further one. */
const SETTLED_AFTER_MS = 100

/** A watch over some files, there or not. */
export interface FileWatch {
  /** Watches these as well. */
  add(files: readonly string[]): void
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
  let timer: NodeJS.Timeout | undefined
  const settle = (): void => {
    clearTimeout(timer)
    timer = setTimeout(settled, SETTLED_AFTER_MS)
    timer.unref()
  }
  const watcher = watch([...files], { ignoreInitial: true, persistent: false })
  watcher.on('all', settle).on('ready', settle).on('error', failed)
  return {
    add: (more) => watcher.add([...more]),
    close() {
      clearTimeout(timer)
      void watcher.close()
    },
  }
}
