import { win32 } from 'node:path'
import { LSOF } from './darwin.ts'
import { parseLsofListeners } from './darwin-lsof.ts'
import { readListenRows } from './linux.ts'
import { runTool, type RunTool } from './run-tool.ts'
import { parseNetstat } from './windows-netstat.ts'
import { systemRootOf } from './system-root.ts'
import { netstatArgs, netstatTables } from './windows.ts'

/** How {@link listeningPorts} looks; other than the defaults in tests. */
export interface ListeningPortsOptions {
  platform?: NodeJS.Platform
  run?: RunTool
  procRoot?: string
  systemRoot?: string
  /** @default 1500 */
  timeoutMs?: number
}

/**
 * Every TCP port that somebody listens on, at any address: one look at the system's own list, whose
 * cost does not depend on how many ports are asked about.
 *
 * macOS does not show other users' listeners. Empty where the system can't tell. Never rejects.
 */
export async function listeningPorts({
  platform = process.platform,
  run = runTool,
  procRoot = '/proc',
  systemRoot = systemRootOf(),
  timeoutMs = 1500,
}: ListeningPortsOptions = {}): Promise<Set<number>> {
  switch (platform) {
    case 'linux':
    case 'android':
      return portsOf(await readListenRows(procRoot))
    case 'darwin': {
      const args = ['-nPw', '-iTCP', '-sTCP:LISTEN', '-F', 'pn']
      return portsOf(parseLsofListeners((await run(LSOF, args, { timeoutMs })) ?? ''))
    }
    case 'win32': {
      const netstat = win32.join(systemRoot, 'System32', 'netstat.exe')
      const lists = await Promise.all(
        netstatTables('tcp').map((table) => run(netstat, netstatArgs(table), { timeoutMs })),
      )
      return portsOf(lists.flatMap((list) => parseNetstat(list ?? '')))
    }
    default:
      return new Set()
  }
}

function portsOf(rows: readonly { readonly port: number }[]): Set<number> {
  return new Set(rows.map(({ port }) => port))
}
