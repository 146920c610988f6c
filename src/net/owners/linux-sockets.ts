/** A row of `/proc/net/tcp` or `udp` (or their IPv6 tables) that stands for a server. */
export interface ListenRow {
  readonly port: number
  /** Links in `/proc/<pid>/fd` name the socket by it; `0` when no process has it any more. */
  readonly inode: number
}

/**
 * `   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 52011 …`:
 * slot, local and remote address, state (`0A` is LISTEN), five columns, inode. Each column eats
 * exactly one space behind it, which keeps the match linear on any input.
 */
const LISTEN_ROW =
  /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} 0A (?: *[^ \n]+ ){5} *(\d+)(?= |$)/gm

/** The same for UDP, where a bound socket is in state `07` until it is connected to one peer. */
const BOUND_ROW =
  /^ *\d+: [\dA-F]+:([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} 07 (?: *[^ \n]+ ){5} *(\d+)(?= |$)/gm

/** The servers on `ports` (on any when undefined) in the text of one of the tables; odd lines are passed over. */
export function parseListenRows(
  table: string,
  ports: ReadonlySet<number> | undefined,
  protocol: 'tcp' | 'udp' = 'tcp',
): ListenRow[] {
  const rows = Array.from(
    table.matchAll(protocol === 'tcp' ? LISTEN_ROW : BOUND_ROW),
    ([, port = '', inode]) => ({
      port: Number.parseInt(port, 16),
      inode: Number(inode),
    }),
  )
  return ports ? rows.filter((row) => ports.has(row.port)) : rows
}
