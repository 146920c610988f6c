import { runTool, type RunTool } from '../../net/owners/run-tool.ts'
import type { ProcessRow } from './process-row.ts'

const LIST_TIMEOUT_MS = 8000
const END_TIMEOUT_MS = 8000
const LIST =
  "Get-CimInstance Win32_Process -Property ProcessId,ParentProcessId,CreationDate | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, $(if ($_.CreationDate) { $_.CreationDate.Ticks } else { 0 }) }"

/** Lists processes by asking PowerShell, which is there on every supported Windows. */
export async function listWindows(run: RunTool = runTool): Promise<ProcessRow[]> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', LIST]
  return parseList((await run('powershell.exe', args, { timeoutMs: LIST_TIMEOUT_MS })) ?? '')
}

/**
 * Parses lines `pid parent ticks`. Windows keeps the number of a parent that has ended, and gives it
 * to others: a parent that is younger than its child is none.
 */
export function parseList(text: string): ProcessRow[] {
  const found = Array.from(text.matchAll(/^(\d+) (\d+) (\d+)\s*$/gm), ([, pid, parent, ticks]) => ({
    pid: Number(pid),
    parent: Number(parent),
    ticks: BigInt(ticks ?? 0),
  }))
  const born = new Map(found.map(({ pid, ticks }) => [pid, ticks]))
  return found.map(({ pid, parent, ticks }) => ({
    pid,
    parent: (born.get(parent) ?? 0n) <= ticks ? parent : 0,
    started: String(ticks),
    marked: false,
  }))
}

/** Ends `pid` and its descendants; Windows has no signal that a console program could answer. */
export async function endWindowsTree(pid: number, run: RunTool = runTool): Promise<void> {
  await run('taskkill', ['/PID', String(pid), '/T', '/F'], { timeoutMs: END_TIMEOUT_MS })
}
