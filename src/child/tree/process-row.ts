/** One live process, as far as trees need it. */
export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  /** When it started, in a form that differs between two processes of one number. */
  readonly started: string
  /** It was started with the mark of the run that is looked for, whoever is its parent now. */
  readonly marked: boolean
}

/** Lists the live processes; those of other users may be missing. */
export type ListProcesses = (mark: string) => Promise<ProcessRow[]>

/**
 * `root` and everything that it started, directly or not: children first, `root` last. Processes
 * whose parents have ended are known by their mark.
 *
 * @param keep Never part of the tree, nor what only hangs on it: the asking process itself.
 */
export function treeOf(
  root: number,
  rows: readonly ProcessRow[],
  keep: number,
): readonly ProcessRow[] {
  const children = groupByParent(rows)
  const found = new Map<number, ProcessRow>()
  const visit = (row: ProcessRow): void => {
    if (row.pid === keep || found.has(row.pid)) return
    found.set(row.pid, row)
    for (const child of children.get(row.pid) ?? []) visit(child)
  }
  for (const row of rows) if (row.pid === root || row.marked) visit(row)
  return [...found.values()].toReversed()
}

function groupByParent(rows: readonly ProcessRow[]): Map<number, ProcessRow[]> {
  const groups = new Map<number, ProcessRow[]>()
  for (const row of rows) {
    const group = groups.get(row.parent)
    if (group) group.push(row)
    else groups.set(row.parent, [row])
  }
  return groups
}
