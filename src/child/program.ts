import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { PortOwner } from '../net/owners/index.ts'
import type { PortReservation } from '../reservation/reservation.ts'
import { activate } from './activation.ts'
import { type CommandLine, commandLine } from './command-line.ts'
import { firstListener, whoListens } from './confirm.ts'
import type { HandedPort } from './handed-port.ts'
import { Handover } from './handover.ts'
import type { Attempt } from './run-command.ts'
import { runtimeOf } from './runtime.ts'
import { exitCode } from './signals.ts'
import { endTree, type TreeRoot } from './tree/index.ts'
import { watchFor } from './watchdog.ts'

/**
 * How a program gets its sockets. `'handover'`: its Node processes ask for them. `'activation'`: as
 * systemd passes them (`LISTEN_FDS`). `'release'`: they are let go, and it binds. `'auto'`: handover
 * for what looks like a Node program, release for anything else.
 */
export type HandoverMode = 'auto' | 'handover' | 'activation' | 'release'

/** How a program ended. */
export interface Ended {
  /** As a shell would say it: 128 and the signal's number after a signal. */
  readonly exitCode: number
  readonly signal: NodeJS.Signals | null
  /** A server of it was seen on one of its ports. */
  readonly served: boolean
}

/** What all attempts of a program share. */
export interface ProgramFacts {
  readonly cwd: string
  readonly platform: NodeJS.Platform
  /** Of the program's stdin, stdout and stderr. Default: this process's own. */
  readonly stdio?: 'inherit' | 'pipe' | 'ignore' | readonly ('inherit' | 'pipe' | 'ignore')[]
  /** It is out of the terminal's reach: Ctrl-C is the caller's to pass on. POSIX only. Default `false`. */
  readonly ownGroup?: boolean
  /** It does not keep this process alive. Default `false`. */
  readonly background?: boolean
  /** What is left of the program gets this long after SIGTERM, in milliseconds. Default 5 seconds. */
  readonly graceMs?: number
  /** A process was started; `root` is by what it and its children are known. */
  readonly onStart?: (child: ChildProcess, root: TreeRoot | undefined) => void
  /** A server listens. `passed`: on the held socket, without a gap. */
  readonly onServing?: (reservation: PortReservation, pid: number, passed: boolean) => void
  /** It has closed; the port is held for the next one. */
  readonly onIdle?: (reservation: PortReservation) => void
  /** Somebody else has the port. */
  readonly onLost: (reservation: PortReservation, owner: PortOwner | undefined) => void
}

const MARK = 'UNPLUGIN_PORTS_RUN'

/** One start of a command, until nothing of it is left. */
export class Program {
  readonly #attempt: Attempt
  readonly #facts: ProgramFacts
  readonly #mark = randomBytes(12).toString('hex')
  readonly #over = new AbortController()
  #child: ChildProcess | undefined
  #ending = false
  /** The last one that was to be sent. */
  #signal: NodeJS.Signals | undefined
  #ended: Promise<void> | undefined
  readonly #served = new Set<PortReservation>()
  readonly #lost = new Set<PortReservation>()

  constructor(attempt: Attempt, facts: ProgramFacts) {
    this.#attempt = attempt
    this.#facts = facts
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /**
   * Sends `signal` to the process that was started; one that comes earlier is sent as soon as there is one.
   *
   * @returns `false` when that process has ended.
   */
  kill(signal: NodeJS.Signals): boolean {
    this.#signal = signal
    const child = this.#child
    if (!child) return true
    return child.exitCode === null && child.signalCode === null && child.kill(signal)
  }

  /** Ends the process that was started and all that it started. */
  async end(): Promise<void> {
    this.#ending = true
    const root = this.#root()
    if (root) this.#ended ??= endTree(root, this.#facts.platform, this.#facts.graceMs)
    await this.#ended
  }

  /** Starts it; resolves when nothing of it is left, and rejects when it can't be started. */
  async run(mode: HandoverMode): Promise<Ended> {
    const { reservations } = this.#attempt
    const handover = await Handover.open(reservations, {
      platform: this.#facts.platform,
      onServing: (service, pid, passed) => {
        const reservation = this.#reservation(service)
        this.#served.add(reservation)
        this.#facts.onServing?.(reservation, pid, passed)
      },
      onIdle: (service) => this.#facts.onIdle?.(this.#reservation(service)),
      onLost: (service) => void this.#lose(this.#reservation(service)),
    })
    try {
      const how = mode === 'auto' ? this.#guess() : mode
      const { code, signal } = await this.#startAndWait(handover, how)
      return { exitCode: exitCode(code, signal), signal, served: this.#served.size > 0 }
    } finally {
      this.#over.abort()
      handover.close()
      for (const port of handover.ports) {
        port.reservation.serveElsewhere(false)
        if (!port.reservation.released && !this.#lost.has(port.reservation)) await port.holdAgain()
      }
    }
  }

  async #startAndWait(
    handover: Handover,
    mode: Exclude<HandoverMode, 'auto'>,
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const plain = commandLine(this.#attempt, this.#facts.platform, this.#attempt.env.ComSpec)
    const activation = mode === 'activation' ? activate(plain, handover.ports) : undefined
    const release = mode === 'release' || (mode === 'activation' && !activation)
    if (release) await Promise.all(handover.ports.map((port) => port.letGo()))
    const env = { ...this.#attempt.env, ...handover.env(this.#attempt.env), ...activation?.env }
    const line = activation?.line ?? plain
    using watch = watchFor(this.#variable, this.#facts.platform)
    const child = await this.#spawn(line, env, activation?.fds ?? [])
    if (child.pid !== undefined) watch.over(child.pid)
    this.#facts.onStart?.(child, this.#root())
    if (this.#ending) void this.end()
    else if (this.#signal) child.kill(this.#signal)
    const confirmed = mode === 'handover' ? [] : handover.ports.map((port) => this.#confirm(port))
    const end = await this.#exit(child)
    this.#over.abort()
    await Promise.all(confirmed)
    // A server that found its port taken has often ended before that was seen; one that was told to has not.
    if (release && !this.#ending && !this.#signal) await this.#lookOnce(handover.ports)
    await this.end()
    return end
  }

  #spawn(
    line: CommandLine,
    env: Readonly<Record<string, string | undefined>>,
    fds: readonly number[],
  ): Promise<ChildProcess> {
    const { stdio = 'inherit' } = this.#facts
    const [stdin = 'inherit', stdout = 'inherit', stderr = 'inherit'] =
      typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio
    const streams: StdioOptions = [stdin, stdout, stderr, ...fds]
    return new Promise((resolve, reject) => {
      const child = spawn(line.file, line.args, {
        cwd: this.#facts.cwd,
        env: { ...env, [MARK]: this.#mark },
        stdio: streams,
        detached: (this.#facts.ownGroup ?? false) && this.#facts.platform !== 'win32',
        windowsVerbatimArguments: line.verbatim ?? false,
      })
      this.#child = child
      if (this.#facts.background) unref(child)
      child.once('spawn', () => resolve(child))
      child.once('error', reject)
    })
  }

  #exit(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (child.exitCode !== null || child.signalCode !== null) {
      return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
    }
    return new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
  }

  async #confirm(port: HandedPort): Promise<void> {
    const root = this.#root()
    if (!root) return
    const { platform } = this.#facts
    const listener = await firstListener(port.port, root, platform, this.#over.signal)
    if (listener.who === 'program') port.serves(listener.pid ?? root.pid)
    else if (listener.who === 'stranger') await this.#lose(port.reservation, listener.owner)
  }

  async #lookOnce(ports: readonly HandedPort[]): Promise<void> {
    const root = this.#root()
    if (!root) return
    for (const { port, reservation } of ports) {
      if (this.#served.has(reservation)) continue
      const listener = await whoListens(port, root, this.#facts.platform)
      if (listener.who === 'stranger') await this.#lose(reservation, listener.owner)
    }
  }

  /** Without its port the program is of no use: it is ended, and started again with another. */
  async #lose(reservation: PortReservation, owner?: PortOwner): Promise<void> {
    if (this.#lost.has(reservation) || this.#ending) return
    this.#lost.add(reservation)
    this.#facts.onLost(reservation, owner)
    await this.end()
  }

  #guess(): 'handover' | 'release' {
    const { env } = this.#attempt
    const path = env.PATH ?? env.Path ?? ''
    return runtimeOf(this.#attempt, { cwd: this.#facts.cwd, path }) === 'node'
      ? 'handover'
      : 'release'
  }

  #reservation(service: string): PortReservation {
    const found = this.#attempt.reservations.find((entry) => entry.service === service)
    if (!found) throw new Error(`no reservation of "${service}"`)
    return found
  }

  get #variable(): string {
    return `${MARK}=${this.#mark}`
  }

  #root(): TreeRoot | undefined {
    const pid = this.#child?.pid
    return pid === undefined ? undefined : { pid, mark: this.#variable }
  }
}

function unref(child: ChildProcess): void {
  child.unref()
  // Pipes are sockets, whatever their types say.
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
}
