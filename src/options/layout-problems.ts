import type { Options, ServiceOptions } from '../types.ts'
import { instanceName, toServiceOptions } from './instances.ts'
import { layoutPools } from './layout.ts'
import { isInRange, parseRange, showRange } from './ranges.ts'
import type { Range, ResolvedPool } from './resolved.ts'
import { kindOf } from './services.ts'
import { showPath } from './show.ts'
import { adviseName } from './suggest.ts'

/** One entry of `services`, as an object. */
interface Entry {
  readonly name: string
  readonly service: ServiceOptions
  /** What the ports outside `preferred` are taken from, where the user named it. */
  readonly range: Range | undefined
}

/**
 * What is wrong with the layout of the port space: pools that overlap or don't exist, ports outside
 * their pool, counts that can't be had. One line each, empty when all is well.
 */
export function findLayoutProblems(options: Options, pools: readonly ResolvedPool[]): string[] {
  const entries = Object.entries(options.services ?? {}).flatMap(([name, given]): Entry[] => {
    if (given === false) return []
    const service = toServiceOptions(given)
    const pool = pools.find((known) => known.name === service.pool)
    return [{ name, service, range: parseRange(service.range) ?? pool?.range }]
  })
  return [
    ...overlaps(options, pools),
    ...entries.flatMap((entry) => poolProblems(entry, pools)),
    ...entries.flatMap((entry) => countProblems(entry, entries)),
  ]
}

/** Neighbours suffice: the pools are in the order of their ports, and one overlap is enough to act on. */
function overlaps(options: Options, pools: readonly ResolvedPool[]): string[] {
  const problems: string[] = []
  let widest: ResolvedPool | undefined
  for (const pool of pools) {
    if (widest && pool.range.from <= widest.range.to) {
      // The user can move only what the user wrote.
      const [own, other] = isOwn(pool, options) ? [pool, widest] : [widest, pool]
      const place = isOwn(other, options) ? showPath(['pools', other.name]) : `"${other.name}"`
      const advice = isOwn(other, options)
        ? 'move one of them.'
        : `move it, or replace that pool of the layout by a smaller pools.${other.name}.`
      problems.push(
        `${showPath(['pools', own.name])}: ${showRange(own.range)} overlaps ${place} (${showRange(other.range)}); ${advice}`,
      )
    }
    if (!widest || pool.range.to > widest.range.to) widest = pool
  }
  return problems
}

function isOwn(pool: ResolvedPool, { pools, layout }: Options): boolean {
  return !Object.hasOwn(layoutPools(layout), pool.name) || Object.hasOwn(pools ?? {}, pool.name)
}

function poolProblems({ name, service }: Entry, pools: readonly ResolvedPool[]): string[] {
  if (service.pool === undefined) return []
  const at = (option: string, ...more: number[]): string =>
    showPath(['services', name, option, ...more])
  const pool = pools.find((known) => known.name === service.pool)
  if (!pool) {
    const known = pools.map((known) => known.name)
    const advice =
      known.length > 0
        ? adviseName(service.pool, known)
        : 'There are none: add it to "pools", or set layout: "standard".'
    return [`${at('pool')}: "${service.pool}" is no pool. ${advice}`]
  }
  const which = `pool "${pool.name}" (${showRange(pool.range)})`
  const problems: string[] = []
  if (service.range !== undefined) {
    problems.push(`${at('range')}: the ports come from ${which}; leave one of the two out.`)
  }
  const { preferred = [], count = 1, contiguous = false } = service
  const ports = typeof preferred === 'number' ? [preferred] : preferred
  const size = contiguous ? count : 1
  ports.forEach((port, index) => {
    const path = at('preferred', ...(typeof preferred === 'number' ? [] : [index]))
    const block = { from: port, to: port + size - 1 }
    if (isInRange(block.from, pool.range) && isInRange(block.to, pool.range)) return
    const shown = size === 1 ? String(port) : `the block ${showRange(block)}`
    problems.push(`${path}: ${shown} is outside ${which}; choose one in it, or another pool.`)
  })
  return problems
}

function countProblems({ name, service, range }: Entry, entries: readonly Entry[]): string[] {
  const { count, contiguous = false, preferred = [] } = service
  const at = (option: string): string => showPath(['services', name, option])
  if (contiguous && count === undefined) {
    return [`${at('contiguous')}: needs "count", the number of ports in a row.`]
  }
  if (count === undefined || count === 1) return []
  if (kindOf(name) !== 'external') {
    return [`${at('count')}: the bundler has one "${name}" server; name the others yourself.`]
  }
  const problems: string[] = []
  const ports = typeof preferred === 'number' ? [preferred] : preferred
  if (range && roomFor(ports, range, contiguous) < count) {
    problems.push(`${at('count')}: ${count} ports do not fit into ${showRange(range)}.`)
  }
  for (let index = 2; index <= count; index++) {
    const taken = instanceName(name, index)
    if (!entries.some((entry) => entry.name === taken)) continue
    problems.push(
      `${showPath(['services', taken])}: is the name of port ${index} of ${showPath(['services', name])} (count: ${count}); rename one of them.`,
    )
  }
  return problems
}

/** Ports that an entry could have at best; a preferred block may lie anywhere. */
function roomFor(preferred: readonly number[], range: Range, contiguous: boolean): number {
  if (contiguous && preferred.length > 0) return Number.POSITIVE_INFINITY
  const outside = new Set(preferred.filter((port) => !isInRange(port, range)))
  return range.to - range.from + 1 + outside.size
}
