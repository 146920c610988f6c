import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** Signals that a program gets because we got them. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Where signals come from, and what the terminal does with them; the process in real runs. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
}

/**
 * Passes signals on to a program until disposed of. Ctrl-C and Ctrl-\ are the terminal's: it sends them to
 * every process of the foreground group, so the program has its own, and two would make it give up
 * its orderly end.
 *
 * @param send Called for each signal that the program has not got by itself.
 */
export function passSignals(
  source: SignalSource,
  send: (signal: NodeJS.Signals) => void,
  inForeground: () => boolean = isInForeground,
): Disposable {
  const listeners = PASSED_ON.map((signal) => {
    const fromTerminal = signal === 'SIGINT' || signal === 'SIGQUIT'
    const listener = (): void => {
      if (!(fromTerminal && inForeground())) send(signal)
    }
    source.on(signal, listener)
    return [signal, listener] as const
  })
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) source.off(signal, listener)
    },
  }
}

/** This process is in the foreground group of a terminal. */
function isInForeground(): boolean {
  try {
    // After the name: state, parent, group, session, terminal, the terminal's foreground group.
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[4] !== '0' && fields[2] === fields[5]
  } catch {
    return Boolean(process.stdin.isTTY)
  }
}

/** What a shell says for a process that ended so: its code, or 128 and the signal's number. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal !== null) return 128 + (constants.signals[signal] ?? 0)
  return code ?? 1
}
