import colors from 'picocolors'
import { readNote } from '../child/protocol.ts'
import type { SessionIdentity } from '../reservation/session-use.ts'
import { leasePlace, type LeasePlace } from '../reservation/who-holds.ts'
import { createDebug, type Debug } from '../utils/debug.ts'
import type { SignalledProcess } from './processes/end-on-signals.ts'
import type { Checkout } from '../utils/checkout.ts'
import { isCi } from '../utils/is-ci.ts'
import { shortenCommand } from '../utils/shorten-command.ts'

/** What a session knows of the process it runs in; read once, at the edge. */
export interface SessionWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly argv: readonly string[]
  readonly cwd: string
  readonly pid: number
  /** The process's command line, shortened for people. */
  readonly command: string
  readonly place: LeasePlace
  /** Ports that `ports run`, which started this process, holds for its servers. */
  readonly lentPorts: ReadonlySet<number>
  /** Width for printed tables. */
  readonly columns: number
  /** What is printed ends in a terminal that shows colours. */
  readonly colors: boolean
  /** Prints the output of processes, whole lines. */
  print(stream: 'stdout' | 'stderr', text: string): void
  /** Where signals come from. */
  readonly process: SignalledProcess
  /** Somebody may type and sees what is printed: both are a terminal, and this is no CI. */
  readonly interactive: boolean
  /** There with `DEBUG=ports`. */
  readonly debug: Debug | undefined
  /** The process ends with a code that says so, whenever it ends. */
  fail(): void
  /** Tells whoever runs a program what goes wrong beside its work; a plugin has a logger for that. */
  warn(text: string): void
}

const DEFAULT_COLUMNS = 100

/** The world of this process. */
export function processWorld(): SessionWorld {
  const { env, argv, pid, platform, stdin, stdout, stderr } = process
  return {
    env,
    argv,
    get cwd() {
      return process.cwd()
    },
    pid,
    command: shortenCommand(argv),
    place: leasePlace(env, platform),
    lentPorts: new Set(readNote(env)?.ports.map(({ port }) => port)),
    columns: stdout.columns || Number(env.COLUMNS) || DEFAULT_COLUMNS,
    colors: colors.isColorSupported,
    print: (stream, text) => void process[stream].write(text),
    process,
    get interactive() {
      return Boolean(stdin.isTTY && stdout.isTTY) && !isCi(env)
    },
    debug: createDebug(env, (line) => stderr.write(line), performance.now.bind(performance)),
    fail: () => {
      process.exitCode ||= 1
    },
    warn: (text) => process.emitWarning(text, 'PortsWarning'),
  }
}

/** What others are told of whoever has ports for `root`. */
export function identityIn(
  { command, pid, place, debug, lentPorts }: SessionWorld,
  root: string,
  checkout?: Checkout,
): SessionIdentity {
  return { root, command, pid, place, debug, lentPorts, checkout }
}
