/** One server that DNS names for a service. */
export interface SrvRecord {
  readonly name: string
  readonly port: number
  /** Servers with the lowest number are tried first. */
  readonly priority: number
  /** Share of the requests among servers of one priority. */
  readonly weight: number
}

/**
 * The records in the order in which a client is to try them: by priority, and within one by weighted
 * chance. A weight of 0 has a small chance beside others. See RFC 2782.
 *
 * @param random Gives numbers from 0 to below 1.
 */
export function srvOrder<R extends SrvRecord>(records: readonly R[], random: () => number): R[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].toSorted((a, b) => a - b)
  return priorities.flatMap((priority) =>
    weightedOrder(
      records.filter((record) => record.priority === priority),
      random,
    ),
  )
}

function weightedOrder<R extends SrvRecord>(records: readonly R[], random: () => number): R[] {
  // The RFC wants those without weight in front, where only the lowest number meets them.
  const left = records.toSorted((a, b) => Number(a.weight > 0) - Number(b.weight > 0))
  const ordered: R[] = []
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0)
    const chosen = Math.floor(random() * (total + 1))
    let sum = 0
    const index = left.findIndex(({ weight }) => (sum += weight) >= chosen)
    ordered.push(...left.splice(Math.max(index, 0), 1))
  }
  return ordered
}

/** A record that says that there is no such service: the root as its name. */
export function isNoService(records: readonly SrvRecord[]): boolean {
  return records.length === 1 && /^\.?$/.test(records[0]?.name ?? '')
}
