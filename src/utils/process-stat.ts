/** The parts of `/proc/<pid>/stat` that are used here. */
export interface ProcessStat {
  /** At most 15 bytes, chosen by the process: may contain anything, parentheses and spaces too. */
  readonly name: string
  /** One letter; `Z` and `X` are dead. */
  readonly state: string
  /** The process that started it, or whoever took it over when that ended. */
  readonly parent: number
  /** Start time in ticks since boot. */
  readonly startTicks: number
}

/** Parses `/proc/<pid>/stat`; undefined when it is cut off or no such line at all. See proc(5). */
export function parseStat(stat: string): ProcessStat | undefined {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  // The first of these is field 3, so field 22 is at 19.
  const fields = stat
    .slice(close + 1)
    .trim()
    .split(' ')
  const [state, parent, startTicks] = [fields[0], Number(fields[1]), fields[19]]
  if (!state || !startTicks || !/^\d+$/.test(startTicks)) return undefined
  return { name: stat.slice(open + 1, close), state, parent, startTicks: Number(startTicks) }
}
