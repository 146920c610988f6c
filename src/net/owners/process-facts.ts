import { join, win32 } from 'node:path'
import { PS, psArgs } from './darwin.ts'
import { parsePs } from './darwin-ps.ts'
import { readBootTime } from './linux.ts'
import { readProcess } from './linux-process.ts'
import { runTool, type RunTool } from './run-tool.ts'
import type { ProcessFacts } from './types.ts'
import { parseProcessList } from './windows-processes.ts'
import { systemRootOf } from './system-root.ts'
import { POWERSHELL, powershellArgs } from './windows.ts'

/** How {@link processFacts} looks; other than the defaults in tests. */
export interface ProcessFactsOptions {
  platform?: NodeJS.Platform
  run?: RunTool
  procRoot?: string
  systemRoot?: string
  /** @default 2000 */
  timeoutMs?: number
}

/**
 * What the system tells of one process: its command line and when it started, on Linux its working
 * directory too.
 *
 * @returns `undefined` for a process that is dead (a zombie is) or never was, and where nobody can tell.
 */
export async function processFacts(
  pid: number,
  {
    platform = process.platform,
    run = runTool,
    procRoot = '/proc',
    systemRoot = systemRootOf(),
    timeoutMs = 2000,
  }: ProcessFactsOptions = {},
): Promise<ProcessFacts | undefined> {
  switch (platform) {
    case 'linux':
    case 'android':
      return readProcess(join(procRoot, String(pid)), await readBootTime(procRoot))
    case 'darwin':
      return parsePs((await run(PS, psArgs([pid]), { timeoutMs })) ?? '').get(pid)
    case 'win32': {
      const powershell = win32.join(systemRoot, 'System32', POWERSHELL)
      const list = await run(powershell, powershellArgs([pid]), { timeoutMs })
      return parseProcessList(list ?? '').get(pid)
    }
    default:
      return undefined
  }
}
