import { leasedPorts } from '../lease/list.ts'
import { listeningPorts } from '../net/owners/listening.ts'
import { WARN_AT } from '../options/pools.ts'
import type { Range, ResolvedPool, ResolvedService } from '../options/resolved.ts'
import type { LeasePlace } from '../lease/names.ts'
import type { Utilisation } from '../types.ts'

/** A pool, or a range that has no name. */
export type Area = Pick<ResolvedPool, 'name' | 'range' | 'warnAt'>

/** Every pool, and the ranges of services that lie in none; each once, in the order of their ports. */
export function areasOf(
  pools: readonly ResolvedPool[],
  services: readonly ResolvedService[],
  ranges: readonly Range[],
): Area[] {
  const named = new Map<string, Area>(pools.map((pool) => [keyOf(pool.range), pool]))
  const others = services.flatMap(({ pool, range }) => (pool === undefined ? [range] : []))
  for (const range of [...others, ...ranges]) {
    const key = keyOf(range)
    if (!named.has(key)) named.set(key, { name: key, range, warnAt: WARN_AT })
  }
  return [...named.values()].toSorted((a, b) => a.range.from - b.range.from)
}

/** How full each area is now: one look at the leases and one at the listeners, whatever its size. */
export async function measure(areas: readonly Area[], place: LeasePlace): Promise<Utilisation[]> {
  const listening = await listeningPorts()
  const leased = leasedPorts(place)
  return areas.map((area) => utilisationOf(area, leased, listening))
}

/** Counts; both sets may hold ports of other areas. */
export function utilisationOf(
  { name, range, warnAt }: Area,
  leased: ReadonlySet<number>,
  listening: ReadonlySet<number>,
): Utilisation {
  const { from, to } = range
  const inside = (port: number): boolean => port >= from && port <= to
  const size = to - from + 1
  const reserved = [...leased].filter(inside).length
  const others = [...listening].filter((port) => inside(port) && !leased.has(port)).length
  return {
    name,
    range: [from, to],
    size,
    reserved,
    inUseByOthers: others,
    free: size - reserved - others,
    share: (reserved + others) / size,
    warnAt,
  }
}

function keyOf({ from, to }: Range): string {
  return `${from}-${to}`
}
