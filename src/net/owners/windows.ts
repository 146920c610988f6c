import { win32 } from 'node:path'
import { runTool, type RunTool } from './run-tool.ts'
import type { Deadline, Findings } from './types.ts'
import { parseNetstat } from './windows-netstat.ts'
import { parseProcessList, processQuery } from './windows-processes.ts'

/** What {@link searchWindows} runs; other than the defaults in tests. */
export interface WindowsSearchOptions {
  run?: RunTool
  /** Default: `%SystemRoot%`, else `C:\Windows`. */
  systemRoot?: string
}

/** One call of netstat for each family. */
export const NETSTAT_PROTOCOLS = ['TCP', 'TCPv6'] as const

/** Arguments that list the sockets of one protocol with numbers only. */
export function netstatArgs(protocol: string): readonly string[] {
  return ['-ano', '-p', protocol]
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
  {
    run = runTool,
    systemRoot = process.env.SystemRoot ?? 'C:\\Windows',
  }: WindowsSearchOptions = {},
): Promise<void> {
  // By path, because Windows looks for a bare name in the working directory first.
  const system = win32.join(systemRoot, 'System32')
  const ask = (file: string, args: readonly string[]): Promise<string> =>
    run(win32.join(system, file), args, { timeoutMs: deadline.remainingMs() }).then(
      (output) => output ?? '',
    )

  const addListeners = async (protocol: string): Promise<void> => {
    for (const { port, pid } of parseNetstat(await ask('netstat.exe', netstatArgs(protocol)))) {
      if (ports.has(port)) findings.sockets.push({ port, pids: new Set([pid]) })
    }
  }
  await Promise.all(NETSTAT_PROTOCOLS.map(addListeners))
  const pids = [...new Set(findings.sockets.flatMap((socket) => [...socket.pids]))]
  if (pids.length === 0) return

  const processes = await ask(POWERSHELL, powershellArgs(pids))
  for (const [pid, facts] of parseProcessList(processes)) findings.processes.set(pid, facts)
}
