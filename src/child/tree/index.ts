import { setTimeout as wait } from 'node:timers/promises'
import { listLinux } from './linux.ts'
import { type ListProcesses, type ProcessRow, treeOf } from './process-row.ts'
import { listWithPs } from './ps.ts'
import { endWindowsTree, listWindows } from './windows.ts'

export type { ProcessRow } from './process-row.ts'

/** Processes that were asked to end get this long before they are killed, in milliseconds. */
export const END_GRACE_MS = 5000
const POLL_MS = 50

/** A program that was started, and the mark in its environment. */
export interface TreeRoot {
  readonly pid: number
  /** `NAME=value` of a variable that only this program's processes have. */
  readonly mark: string
}

/** How this platform lists processes. */
export function listerFor(platform: NodeJS.Platform): ListProcesses {
  if (platform === 'win32') return () => listWindows()
  if (platform === 'linux' || platform === 'android') return (mark) => listLinux(mark)
  return () => listWithPs()
}

/** The program's live processes, children before parents. */
export async function processTree(
  root: TreeRoot,
  platform: NodeJS.Platform,
): Promise<readonly ProcessRow[]> {
  return treeOf(root.pid, await listerFor(platform)(root.mark), process.pid)
}

/**
 * Ends what is left of a program: SIGTERM for each of its processes, SIGKILL for those that are
 * still there after `graceMs`. A process that only has the number of one that ended is left alone.
 *
 * @param known Processes seen earlier, whose parents may have ended since.
 */
export async function endTree(
  root: TreeRoot,
  platform: NodeJS.Platform,
  graceMs: number = END_GRACE_MS,
  known: readonly ProcessRow[] = [],
): Promise<void> {
  if (platform === 'win32') return endWindowsTree(root.pid)
  const present = async (): Promise<readonly ProcessRow[]> => {
    const rows = await listerFor(platform)(root.mark)
    const seen = new Set(known.map(identity))
    const marked = rows.map((row) => (seen.has(identity(row)) ? { ...row, marked: true } : row))
    return treeOf(root.pid, marked, process.pid)
  }
  const asked = new Set<string>()
  const deadline = performance.now() + graceMs
  for (;;) {
    const rows = await present()
    if (rows.length === 0) return
    const late = performance.now() >= deadline
    for (const row of rows) {
      if (late) send(row.pid, 'SIGKILL')
      // Once: a second one makes many programs give up their orderly end.
      else if (!asked.has(identity(row))) send(row.pid, 'SIGTERM')
      asked.add(identity(row))
    }
    if (late) return
    await wait(POLL_MS)
  }
}

function identity(row: ProcessRow): string {
  return `${row.pid} ${row.started}`
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
