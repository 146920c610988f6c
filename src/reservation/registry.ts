import { AsyncLocalStorage } from 'node:async_hooks'
import type { Session, SessionUse } from './session.ts'

/**
 * The in-process reservation service: one for each process, shared by every copy of this package,
 * every plugin instance and every bundler in it.
 */
export interface Registry {
  /** By root. */
  readonly sessions: Map<string, Session>
  /** Set while a bundler restarts a server. */
  readonly restarting: AsyncLocalStorage<Restart>
}

/** A bundler's server is being replaced by a new one. */
export interface Restart {
  /** The use whose ports the new server takes over. */
  readonly from: SessionUse
  /** Uses that were opened for the new server; they are closed again when it does not come up. */
  readonly opened: SessionUse[]
}

// The number changes when copies of different versions could not share the registry any more.
const KEY = Symbol.for('unplugin-ports.registry.1')

/** The process's registry, made on first use. */
export function registry(): Registry {
  const holder = globalThis as { [KEY]?: Registry }
  holder[KEY] ??= { sessions: new Map(), restarting: new AsyncLocalStorage() }
  return holder[KEY]
}
