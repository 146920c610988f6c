import { readFileSync } from 'node:fs'
import { runTool, type RunTool } from './run-tool.ts'

const PS_TIMEOUT_MS = 2000

/**
 * Whether this process is in the terminal's foreground. One that is in the background (`webpack
 * serve &`) is stopped by the kernel as soon as it reads what is typed. See setpgid(2).
 *
 * @returns `false` also where nobody can say.
 */
export async function isForeground(
  { pid, platform }: { readonly pid: number; readonly platform: NodeJS.Platform },
  readFile: (file: string) => string = (file) => readFileSync(file, 'utf8'),
  run: RunTool = runTool,
): Promise<boolean> {
  if (platform === 'win32') return true
  if (platform !== 'linux' && platform !== 'android') {
    const state = await run('ps', ['-o', 'stat=', '-p', String(pid)], { timeoutMs: PS_TIMEOUT_MS })
    return state?.includes('+') ?? false
  }
  try {
    const stat = readFile(`/proc/${pid}/stat`)
    // The name may contain anything; after it come state, parent, group, session, terminal, its group.
    const [, , group, , , inFront] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return group !== undefined && group === inFront
  } catch {
    return false
  }
}
