import type { PortAttempt, PortSource } from '../types.ts'
import { attemptText } from './holder-text.ts'

/** One candidate, or several in a row that were passed over for the same reason. */
export interface AttemptRow {
  /** `3000` or `3001-3005`. */
  readonly ports: string
  readonly source: PortSource
  /** Why: `refused by browsers`, `in use (5)`, `chosen`. */
  readonly text: string
}

/**
 * The candidates of one service as lines for people; neighbours with one reason are one line.
 *
 * @param from Directory that paths are shown relative to.
 */
export function attemptRows(attempts: readonly PortAttempt[], from: string): AttemptRow[] {
  const runs: {
    first: number
    last: number
    path?: string | undefined
    source: PortSource
    text: string
  }[] = []
  for (const attempt of attempts) {
    const { port, path, source, rejected } = attempt
    const text = rejected === undefined ? 'chosen' : attemptText(attempt, from)
    const run = runs.at(-1)
    if (run?.last === port - 1 && run.source === source && run.text === text && rejected) {
      run.last = port
    } else runs.push({ first: port, last: port, path, source, text })
  }
  return runs.map(({ first, last, path, source, text }) =>
    first === last
      ? { ports: path ?? String(first), source, text }
      : { ports: `${first}-${last}`, source, text: `${text} (${last - first + 1})` },
  )
}
