/** A process and one port that it listens on. */
export interface LsofListener {
  readonly pid: number
  readonly port: number
}

/**
 * Parses `lsof -nP -iTCP -sTCP:LISTEN -F pn`, and the same of `-iUDP`. A process that listens on several addresses or
 * through several descriptors comes up as often, as in lsof's listing.
 */
export function parseLsofListeners(output: string): LsofListener[] {
  return filesOf(output).flatMap(({ pid, name }) => {
    // `*:3000`, `127.0.0.1:3000`, `[::1]:3000`; a connection would read `a:1->b:2`.
    const port = /^[^>]*:(\d+)$/.exec(name)?.[1]
    return port === undefined ? [] : [{ pid, port: Number(port) }]
  })
}

/** Parses `lsof -F pn -- <path>` into the pids of who has the socket at `path` bound. */
export function parseLsofPath(output: string, path: string): number[] {
  return filesOf(output).flatMap(({ pid, name }) => (name === path ? [pid] : []))
}

/** Parses `lsof -a -d cwd -p <pids> -F pn` into working directories by pid. */
export function parseLsofCwds(output: string): Map<number, string> {
  // Where it may not look, lsof puts a remark in place of the path.
  const cwds = filesOf(output).filter(({ name }) => name.startsWith('/'))
  return new Map(cwds.map(({ pid, name }) => [pid, name]))
}

/**
 * The lines begin with a letter: `p` opens a process, `n` names a file of it. Some versions add an
 * `f` line for the descriptor, asked for or not.
 */
function filesOf(output: string): { pid: number; name: string }[] {
  const files: { pid: number; name: string }[] = []
  let pid: number | undefined
  for (const line of output.split('\n')) {
    const value = line.slice(1)
    if (line.startsWith('p')) pid = /^\d+$/.test(value) ? Number(value) : undefined
    else if (line.startsWith('n') && pid !== undefined) files.push({ pid, name: value })
  }
  return files
}
