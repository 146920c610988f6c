import { basename } from 'node:path'
import { ConfigEdits, type EditedSource } from '../session/edited-files.ts'
import { watchFiles } from '../session/watch-files.ts'
import type { DevSession } from './dev-session.ts'
import type { DevOptions } from './options.ts'

/**
 * Follows edits of the files that say what to start: the config file and compose files. What is new
 * is started, what is gone is ended, what has changed is started again, and the rest goes on. Never
 * keeps the process alive.
 *
 * @returns Ends it.
 */
export function followDevConfig(session: DevSession, { root, found }: DevOptions): () => void {
  const edits = new ConfigEdits(sourceOf(found))
  let work: Promise<void> = Promise.resolve()
  let closed = false
  const follow = async (): Promise<void> => {
    const edited = edits.next()
    if (closed || edited === undefined) return
    try {
      const next = await edits.read(edited, () => found.again(), watch)
      if (!next) return
      watch.add(edits.readFrom(sourceOf(next)))
      if (closed) return
      await session.reserve(next, root)
      await session.printSummary()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      session.say(
        `an edit of ${basename(edited)} was not followed, everything is as before. ${reason}`,
      )
    }
  }
  const watch = watchFiles(
    edits.files,
    () => {
      work = work.then(follow)
    },
    (error) => session.say(`edits of files are not followed: ${String(error)}`),
  )
  return () => {
    closed = true
    watch.close()
  }
}

function sourceOf(found: DevOptions['found']): EditedSource {
  return { ...found, also: () => found.composeFiles }
}
