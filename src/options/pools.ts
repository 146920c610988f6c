import type { Options, PoolOptions, PortRange } from '../types.ts'
import { layoutPools } from './layout.ts'
import { parseRange } from './ranges.ts'
import type { ResolvedPool } from './resolved.ts'

/** Share of a pool or range in use from which a warning is given when nobody says. */
export const WARN_AT = 0.9

/** The pools of the layout and the user's, which replace those of the same name, in the order of their ports. */
export function resolvePools({ pools, layout }: Pick<Options, 'pools' | 'layout'>): ResolvedPool[] {
  const resolved = Object.entries({ ...layoutPools(layout), ...pools }).flatMap(
    ([name, pool]): ResolvedPool[] => {
      const given = isPoolOptions(pool) ? pool : { range: pool }
      const range = parseRange(given.range)
      if (!range) return []
      return [{ name, range, description: given.description, warnAt: given.warnAt ?? WARN_AT }]
    },
  )
  return resolved.toSorted((a, b) => a.range.from - b.range.from || a.range.to - b.range.to)
}

function isPoolOptions(pool: PortRange | PoolOptions): pool is PoolOptions {
  return typeof pool === 'object' && 'range' in pool
}
