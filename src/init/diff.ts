/** Unchanged lines that are shown around a change. */
const CONTEXT = 3

/** One line of a difference. */
interface DiffLine {
  readonly sign: ' ' | '+' | '-'
  readonly text: string
}

/**
 * The difference of two texts as `diff -u` shows it, without the names of files: hunks that begin
 * with `@@`. Empty when there is none.
 */
export function renderDiff(before: string, after: string): string[] {
  const lines = compare(linesOf(before), linesOf(after))
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  )
  const shown: string[] = []
  let [oldLine, newLine] = [1, 1]
  for (const [at, { sign, text }] of lines.entries()) {
    if (near[at]) {
      if (!near[at - 1]) {
        const end = near.indexOf(false, at)
        const hunk = lines.slice(at, end === -1 ? undefined : end)
        const count = (other: string): number => hunk.filter((line) => line.sign !== other).length
        const from = oldLine - (count('+') === 0 ? 1 : 0)
        shown.push(`@@ -${from},${count('+')} +${newLine},${count('-')} @@`)
      }
      shown.push(`${sign}${text}`)
    }
    if (sign !== '+') oldLine++
    if (sign !== '-') newLine++
  }
  return shown
}

function linesOf(text: string): string[] {
  if (text === '') return []
  return text.replace(/\r?\n$/, '').split(/\r?\n/)
}

/** The longest common subsequence; what both ends have in common is not compared. */
function compare(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const old = before.slice(head, before.length - tail)
  const fresh = after.slice(head, after.length - tail)
  const kept = (lines: readonly string[]): DiffLine[] =>
    lines.map((text) => ({ sign: ' ', text }) as const)
  return [
    ...kept(before.slice(0, head)),
    ...middle(old, fresh),
    ...kept(before.slice(before.length - tail)),
  ]
}

function middle(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  const common = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: fresh.length + 1 }, () => 0),
  )
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const row = common[i]
      const same = old[i] === fresh[j]
      if (row) row[j] = same ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ sign: ' ', text: old[i] ?? '' })
      i++
      j++
    } else if (j < fresh.length && (i === old.length || at(i, j + 1) > at(i + 1, j))) {
      lines.push({ sign: '+', text: fresh[j++] ?? '' })
    } else lines.push({ sign: '-', text: old[i++] ?? '' })
  }
  return lines
}
