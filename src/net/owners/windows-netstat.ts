/** A row of netstat that stands for a listener. */
export interface NetstatListener {
  readonly port: number
  readonly pid: number
}

/**
 * Protocol, local address, foreign address, state, pid. The state is a word of the user's language
 * (in an old code page on top), so a listener is known by its foreign address: nobody, port 0.
 */
const LISTEN_ROW = /^ *TCP +\S+:(\d{1,5}) +(?:0\.0\.0\.0|\[::\]):0 +(?:\S.* )?(\d+)\s*$/

/** UDP has no states, and no foreign address either. */
const BOUND_ROW = /^ *UDP +\S+:(\d{1,5}) +\*:\* +(\d+)\s*$/

/** Parses `netstat -ano -p TCP`, `TCPv6`, `UDP` or `UDPv6` in any display language. */
export function parseNetstat(output: string): NetstatListener[] {
  return output.split('\n').flatMap((line) => {
    const match = LISTEN_ROW.exec(line) ?? BOUND_ROW.exec(line)
    return match ? [{ port: Number(match[1]), pid: Number(match[2]) }] : []
  })
}
