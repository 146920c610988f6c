import type { Range } from './resolved.ts'

/** Lowest port that can be asked for by number; `0` means "any" to the operating system. */
export const MIN_PORT = 1

/** Highest TCP port. */
export const MAX_PORT = 65_535

/** Whether `value` is a port that can be asked for: a whole number from 1 to 65535. */
export function isPort(value: unknown): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= MIN_PORT && value <= MAX_PORT
  )
}

/** Whether `port` lies in `range`. */
export function isInRange(port: number, range: Range): boolean {
  return port >= range.from && port <= range.to
}

/** A range as people write it: `3000-3100`. */
export function showRange({ from, to }: Range): string {
  return `${from}-${to}`
}

/**
 * Reads a `PortRange`: `[3000, 3100]` or `'3000-3100'`, both ends included.
 *
 * Takes anything, since it also answers whether a value is a range at all.
 *
 * @returns `undefined` when `value` is no range: another shape, an end outside 1 to 65535, or ends
 * in the wrong order.
 */
export function parseRange(value: unknown): Range | undefined {
  const [from, to, ...rest] = ends(value)
  if (!isPort(from) || !isPort(to) || from > to || rest.length > 0) return undefined
  return { from, to }
}

function ends(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'string') return []
  // No leading zeros: '0100' would be octal to some readers and decimal to others.
  const match = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/.exec(value)
  return match ? [Number(match[1]), Number(match[2])] : []
}
