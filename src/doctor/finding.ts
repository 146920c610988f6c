/** What a check is about; programs decide on it. Part of what `--json` promises. */
export type FindingCode =
  /** Where ports are remembered: permissions, owner, room. */
  | 'state-directory'
  /** Files of memory that are damaged or that nobody needs any more. */
  | 'memory'
  /** Leases that do not agree with who really listens. */
  | 'leases'
  /** The kernel gives wanted ports to outgoing connections. */
  | 'ephemeral-range'
  /** Windows keeps wanted ports for itself. */
  | 'excluded-range'
  /** What `localhost` means on this machine. */
  | 'localhost'
  /** IPv6 is off. */
  | 'ipv6'
  /** `ports.config` can't be read. */
  | 'config'
  /** Wanted ports below 1024. */
  | 'privileged-port'
  /** Wanted ports that browsers refuse. */
  | 'blocked-port'
  /** Servers that other machines can reach. */
  | 'open-host'
  /** The managed block says something else than what runs. */
  | 'env-block'
  /** Git would commit the env file. */
  | 'env-tracked'
  /** `localhost:PORT` written into a file. */
  | 'hard-coded-port'
  /** Several versions of this package. */
  | 'versions'
  /** The version of Node. */
  | 'node'

/** How bad it is: it won't work; it may go wrong; only good to know. */
export type Severity = 'error' | 'warning' | 'note'

/** Something that `--fix` can do without loss. */
export type Repair =
  | { readonly kind: 'permissions'; readonly path: string; readonly mode: number }
  /** Forgets what nobody needs, as `ports clean` does. */
  | { readonly kind: 'clean' }
  | { readonly kind: 'ignore'; readonly envFile: string }

/** Something that a check found. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** What is, with names and numbers; a sentence. */
  readonly message: string
  /** What to do about it; a sentence. */
  readonly fix: string
  /** Absolute. */
  readonly file?: string
  /** Counted from 1. */
  readonly line?: number
  readonly port?: number
  readonly service?: string
  readonly repair?: Repair
}
