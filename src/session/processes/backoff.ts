import type { ResolvedProcess } from '../../options/resolved.ts'

/** One run of a command, from its start to its end. */
export interface FinishedRun {
  /** As a shell says it. */
  readonly exitCode: number
  /** How long it took, in milliseconds. */
  readonly ranMs: number
  /** Starts in a row, without a good run between them, that led to this one. */
  readonly retries: number
}

/** What comes after a run. */
export type Next =
  | { readonly do: 'restart'; readonly delayMs: number; readonly retries: number }
  /** It ended as it was meant to. */
  | { readonly do: 'stop' }
  /** It failed and is left alone. */
  | { readonly do: 'give-up' }

/** Whether and when a command is started again: after twice the time of the last try, and not for ever. */
export function nextAfter(
  { exitCode, ranMs, retries }: FinishedRun,
  restart: ResolvedProcess['restart'],
): Next {
  const failed = exitCode !== 0
  if (!restart || (!failed && restart.when === 'on-failure')) {
    return failed ? { do: 'give-up' } : { do: 'stop' }
  }
  const inARow = ranMs >= restart.resetAfterMs ? 0 : retries
  if (inARow >= restart.maxRetries) return failed ? { do: 'give-up' } : { do: 'stop' }
  const { delayMs, maxDelayMs } = restart
  return {
    do: 'restart',
    delayMs: Math.min(delayMs * 2 ** Math.min(inARow, 30), maxDelayMs),
    retries: inARow + 1,
  }
}
