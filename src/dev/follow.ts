import { basename } from 'node:path'
import type { EffectiveOptions } from '../config/effective-options.ts'
import { watchFiles } from '../session/watch-files.ts'
import { type DevSession, stampOfFile } from './dev-session.ts'

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
  const watch = watchFiles(
    [file],
    () => {
      work = work.then(follow)
    },
    (error) => session.say(`edits of ${file} are not followed: ${String(error)}`),
  )
  return () => {
    closed = true
    watch.close()
  }
}
