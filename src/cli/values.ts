import { isPort, parseRange } from '../options/ranges.ts'
import type { Range } from '../options/resolved.ts'

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time in milliseconds: `500ms`, `30s`, `2m`, `1h`, `14d`; a bare number counts seconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text.trim())
  if (!match) return undefined
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1000))
}

/** A port from 1 to 65535, in digits alone; `:5173` is one too. */
export function parsePortArgument(text: string): number | undefined {
  const digits = /^:?([1-9]\d{0,4})$/.exec(text)?.[1]
  const port = Number(digits)
  return digits !== undefined && isPort(port) ? port : undefined
}

/** A port or an inclusive range of them: `5173`, `3000-3010`. */
export function parsePortsArgument(text: string): Range | undefined {
  const port = parsePortArgument(text)
  return port === undefined ? parseRange(text) : { from: port, to: port }
}
