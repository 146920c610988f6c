import { runTool, type RunTool } from '../../net/owners/run-tool.ts'
import type { ProcessRow } from './process-row.ts'

const PS_TIMEOUT_MS = 3000
const PS_ARGS = ['-A', '-o', 'pid=', '-o', 'ppid=', '-o', 'stat=', '-o', 'lstart=']

/** Lists processes with `ps`, as on macOS and the BSDs; nobody's mark can be seen there. */
export async function listWithPs(run: RunTool = runTool): Promise<ProcessRow[]> {
  return parsePs((await run('ps', PS_ARGS, { timeoutMs: PS_TIMEOUT_MS })) ?? '')
}

/** Parses lines such as `  501     1 Ss   Fri Nov 20 09:00:01 2026`; zombies are left out. */
export function parsePs(text: string): ProcessRow[] {
  return Array.from(
    text.matchAll(/^ *(\d+) +(\d+) +([^Z\s]\S*) +(\S.*?) *$/gm),
    ([, pid, parent, , started = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      started,
      marked: false,
    }),
  )
}
