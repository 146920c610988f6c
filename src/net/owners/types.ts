/** A process that listens on a port or path, as far as the operating system tells this user. */
export interface PortOwner {
  /** `0` for a path. */
  port: number
  /** Undefined when somebody listens but the process may not be looked at: it is another user's. */
  pid?: number
  /** The full command line, unshortened and unmasked; see `shortenCommand` before showing it. */
  command?: string
  /** Working directory. Never known on Windows. */
  cwd?: string
  /** When the process started, as an ISO 8601 time; good to a second. */
  startedAt?: string
}

/** What is told of a process besides its number. */
export type ProcessFacts = Pick<PortOwner, 'command' | 'cwd' | 'startedAt'>

/** One listening socket; `pids` is empty while (or when) nobody is known to hold it. */
export interface ListeningSocket {
  readonly port: number
  readonly pids: Set<number>
}

/** Filled in step by step, so that a search that runs out of time leaves what it found. */
export interface Findings {
  readonly sockets: ListeningSocket[]
  readonly processes: Map<number, ProcessFacts>
}

/** When a search has to end. */
export interface Deadline {
  /** Milliseconds left; zero or less once the time is up. */
  remainingMs(): number
}

/** A search on one platform. It may reject; what it had found by then counts. */
export type OwnerSearch<Wanted = ReadonlySet<number>> = (
  wanted: Wanted,
  findings: Findings,
  deadline: Deadline,
) => Promise<void>
