import type { Options } from '../types.ts'
import { parseRange } from './ranges.ts'
import type { ResolvedPool } from './resolved.ts'

/** Share of a pool or range in use from which a warning is given when nobody says. */
export const WARN_AT = 0.9

/** The pools in the order of their ports. */
export function resolvePools(pools: Options['pools']): ResolvedPool[] {
  const resolved = Object.entries(pools ?? {}).flatMap(([name, pool]): ResolvedPool[] => {
    const given = typeof pool === 'object' && 'range' in pool ? pool : { range: pool }
    const range = parseRange(given.range)
    if (!range) return []
    return [{ name, range, description: given.description, warnAt: given.warnAt ?? WARN_AT }]
  })
  return resolved.toSorted((a, b) => a.range.from - b.range.from)
}
