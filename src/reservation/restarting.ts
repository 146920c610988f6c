import { registry, type Restart, type RestartSlot } from './registry.ts'
import type { SessionUse } from './session.ts'

/** What came of {@link asRestartOf}. */
export interface RestartResult<T> {
  readonly value: T
  /** Uses that were opened meanwhile, all of them still open. */
  readonly opened: readonly SessionUse[]
}

/**
 * Runs `work` as the replacement of the server that `from` belongs to; rejects as it does. When it
 * has settled the restart is over, also for timers, sockets and processes that began in it and live
 * on: they would keep the old server in memory.
 */
export async function asRestartOf<T>(
  from: SessionUse,
  work: () => Promise<T>,
): Promise<RestartResult<T>> {
  const opened: SessionUse[] = []
  const slot: RestartSlot = { restart: { from, opened } }
  try {
    return { value: await registry().restarting.run(slot, work), opened }
  } finally {
    slot.restart = undefined
  }
}

/** The restart that the caller is part of; `undefined` when it is part of none, or that is over. */
export function currentRestart(): Restart | undefined {
  return registry().restarting.getStore()?.restart
}
