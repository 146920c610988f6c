const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long ago, in words: `just now`, `4 min`, `3 h`, `2 days`. */
export function age(at: number, now: number): string {
  const ms = now - at
  if (ms < MINUTE_MS) return 'just now'
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  const days = Math.floor(ms / DAY_MS)
  return days === 1 ? '1 day' : `${days} days`
}

/** A duration of milliseconds: `0.4 ms`, `12 ms`, `1.8 s`. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 10 ? `${Math.round(ms)} ms` : `${Math.max(0.1, ms).toFixed(1)} ms`
}

/** A time of day, to the second. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour12: false })
}

/** The last part of a path of any system. */
export function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast(Boolean) ?? path
}

/** `1 service`, `3 services`. */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
