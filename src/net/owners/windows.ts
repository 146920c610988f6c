import { win32 } from 'node:path'
import { runTool, type RunTool } from './run-tool.ts'
import type { Deadline, Findings } from './types.ts'
import { parseNetstat } from './windows-netstat.ts'
import { systemRootOf } from './system-root.ts'
import { parseProcessList, processQuery } from './windows-processes.ts'

/** What {@link searchWindows} runs; other than the defaults in tests. */
export interface WindowsSearchOptions {
  run?: RunTool
  /** Default: `%SystemRoot%`, else `C:\Windows`. */
  systemRoot?: string
  /** @default 'tcp' */
  protocol?: 'tcp' | 'udp'
}

/** The tables of netstat that have a protocol's sockets, one for each family. */
export function netstatTables(protocol: 'tcp' | 'udp'): readonly string[] {
  const table = protocol.toUpperCase()
  return [table, `${table}v6`]
}

/** Arguments that list the sockets of one table with numbers only. */
export function netstatArgs(table: string): readonly string[] {
  return ['-ano', '-p', table]
}

/** PowerShell's path below `System32`. */
export const POWERSHELL = 'WindowsPowerShell\\v1.0\\powershell.exe'

/** Arguments with which {@link POWERSHELL} lists what `parseProcessList` reads. */
export function powershellArgs(pids: readonly number[]): readonly string[] {
  return ['-NoProfile', '-NonInteractive', '-Command', processQuery(pids)]
}

/** Finds listeners with netstat, command lines and start times with one PowerShell query. */
export async function searchWindows(
  ports: ReadonlySet<number>,
  findings: Findings,
  deadline: Deadline,
  { run = runTool, systemRoot = systemRootOf(), protocol = 'tcp' }: WindowsSearchOptions = {},
): Promise<void> {
  // By path, because Windows looks for a bare name in the working directory first.
  const system = win32.join(systemRoot, 'System32')
  const ask = (file: string, args: readonly string[]): Promise<string> =>
    run(win32.join(system, file), args, { timeoutMs: deadline.remainingMs() }).then(
      (output) => output ?? '',
    )

  const addServers = async (table: string): Promise<void> => {
    for (const { port, pid } of parseNetstat(await ask('netstat.exe', netstatArgs(table)))) {
      if (ports.has(port)) findings.sockets.push({ port, pids: new Set([pid]) })
    }
  }
  await Promise.all(netstatTables(protocol).map(addServers))
  const pids = [...new Set(findings.sockets.flatMap((socket) => [...socket.pids]))]
  if (pids.length === 0) return

  const processes = await ask(POWERSHELL, powershellArgs(pids))
  for (const [pid, facts] of parseProcessList(processes)) findings.processes.set(pid, facts)
}
