import { basename } from 'node:path'
import { watch } from 'chokidar'
import type { EffectiveOptions } from '../config/effective-options.ts'
import { type DevSession, stampOfFile } from './dev-session.ts'

/** Editors write a file in several steps; milliseconds without a further one. */
const SETTLED_AFTER_MS = 100

/**
 * Follows edits of the config file: what is new is started, what is gone is ended, what has changed
 * is started again, and the rest goes on. Never keeps the process alive.
 *
 * @returns Ends it.
 */
export async function followDevConfig(
  session: DevSession,
  found: EffectiveOptions,
  root: string,
): Promise<() => void> {
  const { file } = found
  if (file === undefined) return () => {}
  let { stamp } = found
  let timer: NodeJS.Timeout | undefined
  let work: Promise<void> = Promise.resolve()
  let closed = false
  const follow = async (): Promise<void> => {
    const now = stampOfFile(found)
    if (closed || now === stamp) return
    stamp = now
    try {
      const next = await found.again()
      if (closed) return
      await session.reserve(next, root)
      await session.printSummary()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      session.say(`an edit of ${basename(file)} was not followed. ${reason}`)
    }
  }
  const settle = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      work = work.then(follow)
    }, SETTLED_AFTER_MS)
    timer.unref()
  }
  const watcher = watch(file, { ignoreInitial: true, persistent: false })
  watcher.on('all', settle).on('ready', settle)
  watcher.on('error', (error) => session.say(`edits of ${file} are not followed: ${String(error)}`))
  return () => {
    closed = true
    clearTimeout(timer)
    void watcher.close()
  }
}
