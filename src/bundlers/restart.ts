import { asRestartOf } from '../reservation/restarting.ts'
import type { SessionUse } from '../reservation/session.ts'
import type { Run } from './adapter.ts'

/** What came of a restart. */
export interface Restarted {
  /** Uses that were opened for the new server, all of them still open. */
  readonly opened: readonly SessionUse[]
  /** The new server's run; `undefined` when none was started. */
  readonly next: Run | undefined
}

/** The run of a use, for a restart that knows only the uses it opened. */
const runs = new WeakMap<SessionUse, Run>()

/** Makes `run` known as one that a restart may lead to. */
export function announceRun(run: Run): void {
  runs.set(run.use, run)
}

/**
 * Runs the bundler's own `restart`, so that the server which it makes goes on with the ports of
 * `run`. The caller closes `run` afterwards, or the new uses when the old server stays.
 */
export async function restartFrom(run: Run, restart: () => Promise<unknown>): Promise<Restarted> {
  const { opened } = await asRestartOf(run.use, restart)
  return { opened, next: opened.map((use) => runs.get(use)).findLast(Boolean) }
}
