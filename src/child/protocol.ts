/**
 * The variable through which a program's Node processes know which ports are held for them; see
 * {@link HandoverNote}.
 */
export const NOTE_VARIABLE = 'UNPLUGIN_PORTS_HANDOVER'

/** One port that is held for the program. */
export interface HeldPort {
  readonly service: string
  readonly port: number
  /** What its server was expected to ask for: a name or a literal; absent for all interfaces. */
  readonly host?: string
  /** The literal address that is bound, as the kernel says it. */
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
}

/** What the holder writes into {@link NOTE_VARIABLE}, as JSON. */
export interface HandoverNote {
  readonly v: 1
  /** Path of the holder's control socket. */
  readonly control: string
  /** Shows that an ask comes from a process that was given this note. */
  readonly token: string
  /** The process ends when the holder has vanished. */
  readonly endWithHolder: boolean
  readonly ports: readonly HeldPort[]
}

/** A server in the child is about to listen. One line of JSON, answered by an {@link Answer}. */
export interface Ask {
  readonly token: string
  readonly port: number
  /** The literal that it binds; `null` for all interfaces of both families. */
  readonly address: string | null
  /** It needs a socket of its own (`reusePort`, `ipv6Only`, a platform without handover). */
  readonly own: boolean
  readonly pid: number
}

/** One line of JSON. */
export type Answer =
  /** A copy of the held socket comes along: listen on it. */
  | { readonly do: 'adopt' }
  /** The socket was let go, or never stood in the way: bind by yourself, and {@link Report}. */
  | { readonly do: 'bind' }
  /** Comes later: the holder goes in an orderly way, and the server keeps its socket. */
  | { readonly do: 'stay' }

/** What became of a bind that followed `{ do: 'bind' }`. */
export interface Report {
  readonly bound: boolean
}

/** Longest line that is read, in characters. */
export const MAX_LINE = 4096

/** The note in `env`; `undefined` without one, or when it makes no sense. */
export function readNote(
  env: Readonly<Record<string, string | undefined>>,
): HandoverNote | undefined {
  try {
    const note = JSON.parse(env[NOTE_VARIABLE] ?? '') as HandoverNote
    return note.v === 1 && Array.isArray(note.ports) ? note : undefined
  } catch {
    return undefined
  }
}
