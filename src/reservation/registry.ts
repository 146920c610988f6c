import { AsyncLocalStorage } from 'node:async_hooks'
import type { ResolvedOptions } from '../options/resolved.ts'
import type { OrderDesk } from './orders.ts'
import type { PortReservation } from './reservation.ts'
import type { Session, SessionUse } from './session.ts'

/**
 * The in-process reservation service: one for each process, shared by every copy of this package,
 * every plugin instance and every bundler in it.
 */
export interface Registry {
  /** By root. */
  readonly sessions: Map<string, Session>
  /** Set while a bundler restarts a server. */
  readonly restarting: AsyncLocalStorage<RestartSlot>
  /** Contexts of bundlers whose server a program starts, in the order in which they were made. */
  readonly serverless: Set<ServerlessContext>
  /** Told whenever a session has reserved something. */
  readonly onOpen: Set<() => void>
  /** Where orders from other processes come in; there as soon as a port is leased. */
  orders?: OrderDesk
  /** Reservations of programs that belong to no session, by port. */
  readonly loose: Map<number, PortReservation>
  /** A bundler of this process ends on SIGINT only where nobody else listens for it. */
  yieldsOnInterrupt?: boolean
  /** Warnings about the state directory that were given; each is worth saying once in a process. */
  readonly warned: Set<string>
}

/** A bundler's server is being replaced by a new one. */
export interface Restart {
  /** The use whose ports the new server takes over. */
  readonly from: SessionUse
  /** Uses that were opened for the new server; they are closed again when it does not come up. */
  readonly opened: SessionUse[]
}

/** Everything that begins in a restart keeps this for its life, so it is emptied afterwards. */
export interface RestartSlot {
  restart: Restart | undefined
}

/** A bundler's context with a `ports()` that leaves `dev` to the program that will start the server. */
export interface ServerlessContext {
  readonly root: string
  readonly options: ResolvedOptions
  /** A program has asked for the server, so it prints the summary. */
  served: boolean
  /** Where that server is, as long as it is there. */
  server?: { addresses(): Record<string, { port: number; url: string }> } | undefined
}

// The number changes when copies of different versions could not share the registry any more.
const KEY = Symbol.for('unplugin-ports.registry.1')

/** The process's registry, made on first use. */
export function registry(): Registry {
  const holder = globalThis as { [KEY]?: Registry }
  holder[KEY] ??= {
    sessions: new Map(),
    restarting: new AsyncLocalStorage(),
    serverless: new Set(),
    onOpen: new Set(),
    loose: new Map(),
    warned: new Set(),
  }
  return holder[KEY]
}
