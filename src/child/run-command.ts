import type { PortReservation } from '../reservation/reservation.ts'
import type { PortOwner } from '../net/owners/index.ts'
import type { Command } from './command-line.ts'
import { type Ended, type HandoverMode, Program, type ProgramFacts } from './program.ts'

export type { Command } from './command-line.ts'
export type { Ended, HandoverMode } from './program.ts'

/** A command with the ports that it shall serve on; made again for each attempt. */
export interface Attempt extends Command {
  /** Whose sockets are handed over. All of them are held. */
  readonly reservations: readonly PortReservation[]
  /** The whole environment, ports included. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How {@link runCommand} runs. */
export interface RunCommandOptions extends Omit<ProgramFacts, 'onLost'> {
  /**
   * How the program gets its sockets.
   *
   * @default 'auto'
   */
  readonly mode?: HandoverMode
  /**
   * Makes the next attempt after somebody else got a port while it was let go: on other ports. The
   * lost reservations are the caller's to release.
   *
   * @returns `undefined` to give up; the program's own end is the result then.
   */
  readonly again?: (lost: Lost) => Promise<Attempt | undefined>
}

/** A port that somebody else was faster to bind. */
export interface Lost {
  readonly reservation: PortReservation
  /** Who has it, as far as the system tells. */
  readonly owner: PortOwner | undefined
  /** Counts from 1. */
  readonly attempt: number
}

/** A program under way; over several attempts it is one. */
export interface RunningCommand {
  /** Of the process that was started last; `undefined` when it could not be started. */
  readonly pid: number | undefined
  /** When nothing of the program is left. Rejects when it can't be started. */
  readonly ended: Promise<Ended>
  /** Sends `signal` to the process that was started, or to the next one while none runs. */
  kill(signal: NodeJS.Signals): void
  /** Ends the program and everything that it started; resolves when they have ended. Idempotent. */
  end(): Promise<Ended>
}

/** Attempts after which a program is left to itself. */
export const MAX_ATTEMPTS = 4

/**
 * Runs a command whose servers get held ports: a Node server the very socket, without a moment in
 * which somebody else could bind; any other one by binding the port that is let go for it, which is
 * checked, and done again on another port when a stranger was faster.
 *
 * Signals that this process gets are the caller's to pass on; see `passSignals`. The reservations
 * stay the caller's and are held again when the program has ended.
 */
export function runCommand(first: Attempt, options: RunCommandOptions): RunningCommand {
  let program: Program
  let ending = false
  let late: NodeJS.Signals | undefined
  const attempts = async (): Promise<Ended> => {
    let attempt = first
    for (let count = 1; ; count++) {
      const lost: { reservation: PortReservation; owner: PortOwner | undefined }[] = []
      program = new Program(attempt, {
        ...options,
        onLost: (reservation, owner) => lost.push({ reservation, owner }),
      })
      if (ending) void program.end()
      else if (late) program.kill(late)
      const ended = await program.run(options.mode ?? 'auto')
      const [loss] = lost
      if (!loss || ending || count === MAX_ATTEMPTS) return ended
      const next = await options.again?.({ ...loss, attempt: count })
      if (!next || ending) return ended
      attempt = next
    }
  }
  const ended = attempts()
  return {
    get pid() {
      return program.pid
    },
    ended,
    kill: (signal) => {
      if (!program.kill(signal)) late = signal
    },
    end: () => {
      ending = true
      void program.end()
      return ended
    },
  }
}
