/** How much of a path a pattern has to mean: all of it, or any directory above it as well. */
export type GlobReach = 'whole' | 'beginning'

/**
 * Whether `pattern` means `path`; both have `/` between their names. `*` stands for any part of a
 * name, a name that is `**` for any number of directories (for at least one at the end). Takes time
 * by the product of the lengths at most, as no regular expression does.
 */
export function matchesPath(pattern: string, path: string, reach: GlobReach = 'whole'): boolean {
  const names = path.split('/')
  const parts = pattern.split('/')
  /** How many of the names the parts so far can have eaten. */
  let eaten = new Set([0])
  for (const [index, part] of parts.entries()) {
    const next = new Set<number>()
    const isLast = index === parts.length - 1
    for (const count of eaten) {
      if (part === '**') {
        for (let end = isLast ? count + 1 : count; end <= names.length; end++) next.add(end)
        // Whatever the others reach lies behind it as well.
        break
      }
      if (count < names.length && matchesName(part, names[count] ?? '')) next.add(count + 1)
    }
    // The first is the one that reaches furthest back.
    eaten = new Set([...next].toSorted((a, b) => a - b))
  }
  return reach === 'beginning' ? eaten.size > 0 : eaten.has(names.length)
}

/** The same for one name. */
export function matchesName(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split(/\*+/)
  const last = rest.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
