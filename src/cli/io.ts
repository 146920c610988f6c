import colors from 'picocolors'
import { isCi } from '../utils/is-ci.ts'

/** The streams of the process, as commands see them. */
export interface Io {
  /** Prints text and a line break to stdout. */
  out(text: string): void
  /** Prints text and a line break to stderr. */
  err(text: string): void
  /** Prints one document of `--json`. */
  json(value: object): void
  /** Prints to stdout as it is. */
  write(text: string): void
  /** Prints to stderr as it is. */
  writeErr(text: string): void
  /** Width of lines for people, at least 40. */
  readonly columns: number
  /** Height of the terminal; 24 without one. */
  readonly rows: number
  /** For text on stdout; does nothing where colours are not wanted. */
  readonly colors: ReturnType<typeof colors.createColors>
  /** Stdout is a terminal. */
  readonly isTerminal: boolean
  /** Somebody can be asked: stdin and stderr are a terminal, and no CI runs this. */
  readonly canAsk: boolean
}

const COLUMNS = 80
const MIN_COLUMNS = 40
const ROWS = 24

type Output = NodeJS.WriteStream & { readonly fd: number }

/** Everything that {@link createIo} reads of a process. */
export interface IoSource {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The streams of `source`. Whoever reads them may go away at any time: see {@link endOnBrokenPipe}. */
export function createIo({ stdout, stderr, stdin, env }: IoSource): Io {
  // Undefined, whatever its type says, for anything but a terminal.
  const isTerminal = Boolean(stdout.isTTY)
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    write: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    get columns() {
      const columns = stdout.columns || Number(env.COLUMNS) || COLUMNS
      return Math.max(MIN_COLUMNS, columns)
    },
    get rows() {
      return stdout.rows || ROWS
    },
    colors: colors.createColors(wantsColors(isTerminal, env)),
    isTerminal,
    canAsk: Boolean(stdin.isTTY && stderr.isTTY) && !isCi(env),
  }
}

/** `head` has seen enough: that is no failure, and nobody is left to tell. */
export function endOnBrokenPipe(stream: NodeJS.WriteStream, end: () => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    end()
  })
}

/** https://no-color.org and https://force-color.org; a variable that is empty counts as unset. */
function wantsColors(isTerminal: boolean, env: IoSource['env']): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTerminal && env.TERM !== 'dumb'
}
