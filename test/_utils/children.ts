import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { Hopeless, until } from './until.ts'

/** A child process whose output is kept; ended with the test. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess
  readonly pid: number
  /** Both streams so far, in the order of arrival, without colours: not every tool heeds `NO_COLOR`. */
  output(): string
  /** Waits for output that matches and returns the match. */
  sees(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>
  /** The end of the process, whenever it was. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends the signal and waits for the end; resolves with code and signal. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const running = new Set<ChildProcess>()
// A test that runs into its time limit never reaches its `await using`.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program. Without `VITEST` and colours, so that it behaves as in a user's terminal. */
export function start(file: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const { VITEST: _v, NODE_ENV: _n, TEST: _t, ...inherited } = process.env
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...inherited, NO_COLOR: '1', ...options.env },
  })
  running.add(child)
  child.once('close', () => {
    closed = true
    running.delete(child)
  })
  let text = ''
  let closed = false
  const add = (chunk: Buffer): void => {
    text += chunk.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  const output = (): string => stripVTControlCharacters(text)
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  const result: Child = {
    process: child,
    pid: child.pid ?? 0,
    ended,
    output,
    sees: (pattern, deadlineMs) =>
      until(
        () => {
          const match = pattern.exec(output())
          if (!match && closed) throw new Hopeless('the process has ended')
          return match
        },
        deadlineMs,
        String(pattern),
      ).catch((error: unknown) => {
        throw new Error(`${pattern} was not seen in:\n${output()}`, { cause: error })
      }),
    async end(signal = 'SIGKILL') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
    [Symbol.asyncDispose]: async () => {
      await result.end()
    },
  }
  return result
}

/** Starts a Node program with the Node that runs the tests. */
export function startNode(args: readonly string[], options: SpawnOptions = {}): Child {
  return start(process.execPath, args, options)
}
