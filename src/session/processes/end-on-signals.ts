const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** Marks listeners of this package, of which every session may have one. */
const OURS = Symbol.for('unplugin-ports.ends-processes')

/** The part of `process` that is needed; others in tests. */
export interface SignalledProcess {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  prependListener(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
  listeners(signal: NodeJS.Signals): unknown[]
  removeAllListeners(signal: NodeJS.Signals): unknown
  kill(pid: number, signal: NodeJS.Signals): unknown
  readonly pid: number
}

/**
 * Ends processes in order before a signal ends this one. Where a bundler or a program has a listener
 * of its own, what becomes of this process is left to that; otherwise the signal does its work when
 * `end` has done its own, and at once when it comes a second time.
 *
 * @param yields A bundler here ends on SIGINT only where nobody else listens: then nobody would.
 */
export function endOnSignals(
  source: SignalledProcess,
  end: () => Promise<void>,
  yields: () => boolean = () => false,
): Disposable {
  const listeners = ENDING.map((signal) => {
    let times = 0
    const listener = (): void => {
      const yielding = signal === 'SIGINT' && yields()
      const dies = !hasOthers(source, signal, yielding ? 1 : 0)
      const die = (): void => {
        dispose()
        if (!dies) return
        // What has yielded once does nothing the second time.
        if (yielding) source.removeAllListeners(signal)
        source.kill(source.pid, signal)
      }
      times++
      if (times > 1 && dies) die()
      else if (times === 1) void end().finally(die)
    }
    Object.assign(listener, { [OURS]: true })
    // Before the others: some of them take themselves off the list when they are called.
    source.prependListener(signal, listener)
    return [signal, listener] as const
  })
  const dispose = (): void => {
    for (const [signal, listener] of listeners) source.off(signal, listener)
  }
  return { [Symbol.dispose]: dispose }
}

function hasOthers(source: SignalledProcess, signal: NodeJS.Signals, yielding: number): boolean {
  const others = source.listeners(signal).filter((one) => !(one as { [OURS]?: true })[OURS])
  // The package `signal-exit` waits for the others, as we do, and would have both wait for ever.
  return others.length > signalExitCount(source) + yielding
}

/** How many listeners the copies of `signal-exit` in this process have for each signal. */
function signalExitCount(source: object): number {
  const known = source as Record<PropertyKey, { count?: unknown } | undefined>
  const emitters = [known[Symbol.for('signal-exit emitter')], known.__signal_exit_emitter__]
  return emitters.reduce((sum, emitter) => sum + (Number(emitter?.count) || 0), 0)
}
