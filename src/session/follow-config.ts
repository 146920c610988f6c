import { basename } from 'node:path'
import { watch } from 'chokidar'
import type { ConfigFollower, ConfigSource } from '../bundlers/adapter.ts'
import { stampOf } from '../config/stamp.ts'
import { registry } from '../reservation/registry.ts'
import { withoutOwnServer } from './own-service.ts'
import { compareRequests } from './config-change.ts'
import type { DevRun } from './run.ts'
import { startRun } from './start.ts'
import type { SessionWorld } from './world.ts'

/** Editors write a file in several steps, or put another in its place; milliseconds without a further one. */
const SETTLED_AFTER_MS = 100

/**
 * Watches the config file of a running server and follows what it says: new services get ports,
 * removed ones are released, the others keep theirs unless their own settings have changed.
 *
 * Never keeps the process alive.
 *
 * @returns Ends it.
 */
export function followConfig(
  run: DevRun,
  source: ConfigSource,
  host: ConfigFollower,
  world: SessionWorld,
): () => void {
  const { file } = source
  let stamp = source.stamp
  let timer: NodeJS.Timeout | undefined
  let work: Promise<void> = Promise.resolve()
  let told = ''
  let closed = false

  const tell = (text: string): void => {
    if (text && text !== told) run.warn([text])
    told = text
  }

  const follow = async (): Promise<void> => {
    if (closed) return
    const now = stampOf(file)
    if (now === stamp) return
    stamp = now
    try {
      const after = withoutOwnServer(await source.reread(), world.env)
      const portOf = (name: string) => run.reservation(name)?.port
      const change = compareRequests(run.request, after, host.proxies, portOf)
      if (change.needsRestart.length > 0 && host.restart) return await host.restart()
      tell(restartAdvice(basename(file), change.needsRestart))
      if (change.request && !closed) await takeOver(change.request)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      tell(`an edit of ${basename(file)} was not followed, everything is as before. ${reason}`)
    }
  }

  const takeOver = async (request: DevRun['request']): Promise<void> => {
    const before = run.addresses()
    const restart = { from: run.use, opened: [] }
    const next = await registry().restarting.run(restart, () => startRun(request, world))
    run.become(next as DevRun)
    if (JSON.stringify(before) !== JSON.stringify(run.addresses())) host.refresh?.()
    run.reprintSummary(host.logger)
  }

  const settle = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      work = work.then(follow)
    }, SETTLED_AFTER_MS)
    timer.unref()
  }

  const watcher = watch(file, { ignoreInitial: true, persistent: false })
  // It may have been edited since it was read.
  watcher.on('all', settle).on('ready', settle)
  watcher.on('error', (error) => tell(`edits of ${file} are not followed: ${String(error)}`))
  return () => {
    closed = true
    clearTimeout(timer)
    void watcher.close()
  }
}

function restartAdvice(file: string, parts: readonly string[]): string {
  if (parts.length === 0) return ''
  return `${file} has changed ${parts.join(', ')}, which counts from the next start on.`
}
